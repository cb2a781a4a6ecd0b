import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/core/prng.ts';
import { type Store, StoreFull } from '../../../src/runtime/ports.ts';
import { Simulation } from '../../../src/runtime/simulation/simulation.ts';
import { SimulatedDisk } from '../../../src/runtime/simulation/store.ts';

const key = (index: number) => Uint8Array.of(index);

function makeDisk(seed: number) {
  const simulation = new Simulation(seed);
  const disk = new SimulatedDisk(simulation, new Prng(seed));
  let endLife = () => {};
  const open = (): Store => {
    const life = {
      onEnd: (action: () => void) => {
        endLife = action;
      },
      whenAwake: (action: () => void) => action(),
    };
    return disk.portFor(life).open('log', 'write');
  };
  return { simulation, disk, open, crash: () => endLife() };
}

/** How many of ten commits, made in five turns, are there after a crash some time later. */
function survivorsOf(seed: number): { acknowledged: number; survived: number } {
  const { simulation, open, crash } = makeDisk(seed);
  const store = open();
  let acknowledged = 0;
  for (let index = 0; index < 10; index += 1) {
    store.commit([{ key: key(index), value: key(index) }], () => {
      acknowledged += 1;
    });
    if (index % 2 === 1) simulation.runFor(0.5);
  }
  crash();
  const acknowledgedAtCrash = acknowledged;
  simulation.runFor(100);
  expect(acknowledged).toBe(acknowledgedAtCrash);
  const reopened = open();
  const found = Array.from({ length: 10 }, (_, index) => reopened.get(key(index)) !== undefined);
  const survived = found.filter((each) => each).length;
  expect(found.slice(0, survived).every((each) => each)).toBe(true);
  return { acknowledged, survived };
}

describe('a simulated disk', () => {
  it('keeps through a crash what was acknowledged and a prefix of the rest, which depends on the seed', () => {
    const outcomes = Array.from({ length: 50 }, (_, seed) => survivorsOf(seed));
    for (const { acknowledged, survived } of outcomes) expect(survived).toBeGreaterThanOrEqual(acknowledged);
    expect(outcomes.some(({ acknowledged, survived }) => survived > acknowledged)).toBe(true);
    expect(outcomes.some(({ survived }) => survived < 10)).toBe(true);
    expect(new Set(outcomes.map(({ survived }) => survived)).size).toBeGreaterThan(3);
  });

  it('is full at its capacity, and then loses nothing', () => {
    const { simulation, disk, open } = makeDisk(1);
    const store = open();
    const errors: (Error | null)[] = [];
    const commit = (index: number, size: number) =>
      store.commit([{ key: key(index), value: new Uint8Array(size) }], (error) => errors.push(error));
    disk.capacityBytes = 100;
    commit(1, 50);
    simulation.runFor(10);
    commit(2, 60);
    simulation.runFor(10);
    commit(1, 90);
    simulation.runFor(10);
    expect(errors[0]).toBe(null);
    expect(errors[1]).toBeInstanceOf(StoreFull);
    expect(errors[2]).toBe(null);
    expect(store.get(key(1))?.length).toBe(90);
    expect(store.get(key(2))).toBe(undefined);
  });

  it('fails flushes when told to', () => {
    const { simulation, disk, open } = makeDisk(1);
    const store = open();
    const errors: (Error | null)[] = [];
    disk.flushError = new Error('EIO');
    store.commit([{ key: key(1), value: key(1) }], (error) => errors.push(error));
    simulation.runFor(10);
    expect(errors).toEqual([disk.flushError]);
    expect(store.get(key(1))).toBe(undefined);
  });

  it('has one writer, which opens before any reader', () => {
    const { disk, open } = makeDisk(1);
    const reader = () => disk.portFor({ onEnd: () => {}, whenAwake: (action) => action() }).open('log', 'read');
    expect(reader).toThrow('before its writer');
    const store = open();
    expect(open).toThrow('a writer already');
    reader();
    store.close();
    open();
  });
});
