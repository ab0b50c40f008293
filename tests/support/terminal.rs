//! A command on a terminal of its own, where somebody answers its question.

use std::process::Command;

/// Runs a command on a terminal of its own where something was typed before it started, answers its
/// question unless the answer is [`NOBODY`], shows what it prints. The terminal has as many lines and
/// columns as the variables `LINES` and `COLUMNS` say; without them it does not know.
const TERMINAL: &str = r"
import fcntl, os, pty, re, struct, sys, termios
early, answer, command = sys.argv[1], sys.argv[2], sys.argv[3:]
typed, go = os.pipe()
pid, terminal = pty.fork()
if pid == 0:
    os.read(typed, 1)
    os.execv(command[0], command)
size = [int(os.environ.get(name, 0)) for name in ('LINES', 'COLUMNS')]
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', *size, 0, 0))
os.write(terminal, early.encode())
os.write(go, b'.')
shown, asked = b'', False
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        break
    if not piece:
        break
    shown += piece
    if answer != 'nobody answers' and not asked and re.search(rb'To \w+ .*, type the number \d+: ', shown):
        asked = True
        # What follows a Ctrl-C would be an answer.
        os.write(terminal, answer.encode() + (b'' if answer == '\x03' else b'\n'))
sys.stdout.buffer.write(shown)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";

/// In place of an answer: the question is never answered.
pub const NOBODY: &str = "nobody answers";

/// `program` with `args` on a terminal where somebody typed `early` before it started, and gives
/// `answer` to its question. Both its outputs come as standard output, as the terminal shows them.
pub fn on_terminal(program: &str, args: &[&str], [early, answer]: [&str; 2]) -> Command {
    let mut command = Command::new("python3");
    command.args(["-c", TERMINAL, early, answer, program]).args(args);
    command
}
