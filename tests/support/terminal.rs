//! A command on a terminal of its own, where somebody answers its question.

use std::process::Command;

/// Runs a command on a terminal, answers its question, shows what it prints.
const TERMINAL: &str = r"
import os, pty, sys
answer, command = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(command[0], command)
shown, asked = b'', False
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        break
    if not piece:
        break
    shown += piece
    if not asked and b'type the number of rules' in shown:
        asked = True
        os.write(terminal, answer.encode() + b'\n')
sys.stdout.buffer.write(shown)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";

/// `program` with `args` on a terminal where somebody gives `answer`. Both its outputs come as
/// standard output, as the terminal shows them.
pub(crate) fn on_terminal(program: &str, args: &[&str], answer: &str) -> Command {
    let mut command = Command::new("python3");
    command.args(["-c", TERMINAL, answer, program]).args(args);
    command
}
