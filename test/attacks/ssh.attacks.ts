/** A machine behind --host that is in an attacker's hands: ssh let us in there, and what runs is the attacker's. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startSshd } from '../helpers/sshd.ts';
import { atEnd, type Attack, held, once, succeeded, type Tree } from './attack.ts';

const VICTIM = 'payroll.example.com';
/** As ssh says it of a key that has changed. */
const FORGED = `@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
Offending ED25519 key in /root/.ssh/known_hosts:1
Host key for ${VICTIM} has changed and you have requested strict checking.`;

const machine = once(async () => {
  const sshd = await startSshd({ config: 'ForceCommand "$HOME/evil"' });
  atEnd(() => void sshd.close());
  const evil = join(sshd.directory, 'home/evil');
  writeFileSync(evil, `#!/bin/sh\ncat >&2 <<'X'\n${FORGED}\nX\nexit 1\n`);
  chmodSync(evil, 0o755);
  return sshd;
});

async function detect(tree: Tree): Promise<string> {
  const { host, configFile } = await machine();
  const { stdout, stderr } = await tree.cli(['detect', '--host', host, '--ssh-config', configFile], {
    HOME: tree.scratch(),
  });
  return `${stdout}${stderr}`;
}

const CONNECTION = 'src/host/ssh-connection.ts';
const EVERYTHING = {
  file: CONNECTION,
  text: 'explainSshFailure(place, { own, others,',
  replacement: 'explainSshFailure(place, { own: others + own, others,',
};

export const attacks: readonly Attack[] = [
  {
    name: 'what runs on another machine says that its host key has changed, as ssh would',
    guard: [EVERYTHING],
    attempt: async (tree) => {
      const told = await detect(tree);
      if (/host key of machine is another one/.test(told)) return succeeded('tapprep says that the key has changed');
      if (!told.includes('SSH_FAILED')) throw new Error(told);
      return held('SSH_FAILED');
    },
  },
  {
    name: 'what runs on another machine has the pinned key of a third one taken out of known_hosts',
    guard: [
      EVERYTHING,
      {
        file: 'src/host/ssh-failure.ts',
        text: "value('hostkeyalias') ??",
        replacement: '/^Host key for (\\S+) has changed/m.exec(own)?.[1] ??',
      },
    ],
    attempt: async (tree) => {
      const told = await detect(tree);
      return told.includes(`-R ${VICTIM}`) ? succeeded(`ssh-keygen -R ${VICTIM}`) : held('SSH_FAILED');
    },
  },
];
