import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands before a server and passes everything on, but gives only so many answers to `POST`: the others it keeps. */
export class AnswerGate {
  #given = 0;
  readonly #mostAnswers: number;
  readonly #port: number;
  readonly #agent = new http.Agent({ keepAlive: true });
  readonly #server = http.createServer((request, response) => void this.#pass(request, response));

  private constructor(port: number, mostAnswers: number) {
    this.#port = port;
    this.#mostAnswers = mostAnswers;
  }

  static async open(port: number, mostAnswers: number): Promise<AnswerGate> {
    const gate = new AnswerGate(port, mostAnswers);
    await new Promise<void>((resume) => gate.#server.listen(0, '127.0.0.1', resume));
    return gate;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
    this.#agent.destroy();
  }

  #pass(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { method, url, headers } = request;
    const onward = http.request({
      host: '127.0.0.1',
      port: this.#port,
      agent: this.#agent,
      method,
      path: url,
      headers,
    });
    onward.on('response', (answer) => {
      if (method === 'POST') {
        this.#given += 1;
        if (this.#given > this.#mostAnswers) {
          answer.resume();
          return;
        }
      }
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('error', () => undefined);
    request.on('error', () => onward.destroy());
    request.pipe(onward);
  }
}
