"""type-answer.py QUESTION ANSWER COMMAND...: runs a command on a terminal of its own, types the answer as soon as the question is
shown, and prints what the terminal showed, and then "status N"."""
import os
import pty
import sys

question, answer, command = sys.argv[1].encode(), sys.argv[2].encode(), sys.argv[3:]
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
    if not typed and question in shown:
        typed = True
        os.write(terminal, answer)
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.write(shown.decode(errors="replace") + f"\nstatus {status}\n")
