"""type-password.py SECRET COMMAND...: runs a command on a terminal of its own, types the secret as soon as it is asked for one,
and prints what the terminal showed, and then "status N"."""
import os
import pty
import sys

secret, command = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
shown, typed = b"", False
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        break
    if not piece:
        break
    shown += piece
    if not typed and b"password" in shown:
        typed = True
        os.write(terminal, secret.encode() + b"\r")
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.write(shown.decode(errors="replace") + f"\nstatus {status}\n")
