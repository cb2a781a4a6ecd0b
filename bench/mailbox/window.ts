/** Items in one turn: what the runtime, too, puts in one post at most. */
export const itemsPerTurn = 256;
/** The receiver says this often how far it is; floods are multiples of it. */
export const itemsPerReceipt = 4_096;
/** Items under way at most: nobody sends without knowing that there is somebody who reads. */
export const itemsUnderWay = 16_384;
