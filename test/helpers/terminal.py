"""terminal.py COLUMNS COMMAND...: runs a command on a terminal of its own with so many columns. What is typed here is typed
there without an echo, what the terminal shows is printed here as it comes, and the command's exit code is this program's."""
import fcntl
import os
import pty
import select
import struct
import sys
import termios

columns, command = int(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    modes = termios.tcgetattr(0)
    modes[3] &= ~termios.ECHO
    termios.tcsetattr(0, termios.TCSANOW, modes)
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    os.execvp(command[0], command)
sources = [0, terminal]
while terminal in sources:
    for source in select.select(sources, [], [])[0]:
        try:
            piece = os.read(source, 4096)
        except OSError:
            piece = b""
        if not piece:
            sources.remove(source)
        else:
            os.write(terminal if source == 0 else 1, piece)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 0xFF)
