/** A small real FTP server on loopback: anonymous, passive mode, one file, with the faults a mirror shows. */
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';

export type FtpFault = 'fine' | 'cut' | 'stall' | 'refused' | 'absent' | 'no-rest' | 'wrong-bytes';

export interface FtpServer {
  /** Ends in "/". */
  readonly url: string;
  /** Commands so far, without passwords. */
  readonly commands: readonly string[];
  /** The faults of the next connections. */
  script(...faults: readonly FtpFault[]): void;
  close(): Promise<void>;
}

interface Session {
  readonly control: Socket;
  readonly fault: FtpFault;
  readonly content: Buffer;
  readonly track: (socket: Socket) => void;
  data: Promise<Socket> | null;
  offset: number;
}

/** Starts a server that has one file under every path. */
export async function startFtpServer(content: Buffer): Promise<FtpServer> {
  let faults: FtpFault[] = [];
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  };
  const server = createServer((control) => {
    track(control);
    const session: Session = { control, fault: faults.shift() ?? 'fine', content, track, data: null, offset: 0 };
    control.write(session.fault === 'refused' ? '421 too many users\r\n' : '220 ready\r\n');
    let pending = '';
    control.setEncoding('utf8').on('data', (text: string) => {
      const lines = (pending + text).split('\r\n');
      pending = lines.pop() ?? '';
      for (const line of lines) {
        commands.push(line.replace(/^PASS .*/, 'PASS'));
        void respond(session, line);
      }
    });
  });
  await listen(server);
  return {
    url: `ftp://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    commands,
    script: (...next) => {
      faults = [...next];
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

async function listen(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
}

async function respond(session: Session, line: string): Promise<void> {
  const { control, fault, content } = session;
  const [command = '', argument = ''] = line.split(' ', 2);
  const reply = (text: string): void => {
    control.write(`${text}\r\n`);
  };
  switch (command.toUpperCase()) {
    case 'USER':
      return reply('331 password please');
    case 'PASS':
      return reply('230 logged in');
    case 'SIZE':
      return reply(fault === 'absent' ? '550 no such file' : `213 ${content.length}`);
    case 'EPSV':
      return reply(`229 passive (|||${await openData(session)}|)`);
    case 'REST':
      session.offset = Number(argument);
      return reply(fault === 'no-rest' ? '502 not here' : '350 from there');
    case 'RETR':
      return await send(session);
    default:
      return reply('200 as you like');
  }
}

async function openData(session: Session): Promise<number> {
  const server = createServer();
  session.data = new Promise((resolve) => {
    server.once('connection', (socket) => {
      session.track(socket);
      server.close();
      resolve(socket);
    });
  });
  await listen(server);
  return (server.address() as AddressInfo).port;
}

async function send({ control, fault, content, data, offset }: Session): Promise<void> {
  const socket = await data;
  if (socket === null) return;
  control.write('150 here it comes\r\n');
  const rest = Buffer.from(content.subarray(offset));
  if (fault === 'wrong-bytes') rest[0] = (rest[0] ?? 0) ^ 1;
  if (fault !== 'cut' && fault !== 'stall') {
    socket.end(rest, () => control.write('226 done\r\n'));
    return;
  }
  const half = rest.subarray(0, rest.length >> 1);
  if (fault === 'stall') {
    socket.write(half);
    return;
  }
  // The other side closes its end when it has read everything.
  socket.once('close', () => control.write('426 aborted\r\n'));
  socket.end(half);
}
