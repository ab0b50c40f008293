//! Journals that somebody, or a bad disk, has changed: told or survived, never a panic, and never
//! a call outside the plan.
//!
//! `UNPAIR_SEED` repeats a run, `UNPAIR_LONG=1` tries every value in every column, and more bytes.

use std::fs;
use std::process::Command;

use unpair_testing::world_file::{
    A, B, WorldText, admits, admits_tcp, cidr, drops_tcp, reaches_tcp,
};
use unpair_testing::{is_long, seed};

use crate::workspace::{CliWorkspace, WorkspaceSetup, grants_between, rules_of};

/// Writes damaged copies of `unpair.db` to `cases/`: one a line of what it prints.
const DAMAGE: &str = r#"
import os, random, shutil, sqlite3, sys
seed, every, kind = int(sys.argv[1]), sys.argv[2] == 'every', sys.argv[3]
others = sys.argv[4].split()
dice = random.Random(seed)
names = []
os.makedirs('cases', exist_ok=True)
whole = open('unpair.db', 'rb').read()
VALUES = [None, -1, 0, 2**63 - 1, -2**63, '', 'x', '{}', '[]', 'null', b'', b'\xff\x00\x01',
          '9' * 400, '{"a":' * 200, 'settled', 'pending', 1.5, 'sg-b2', 'sgr-other']

def case(name, change):
    path = f'cases/{name}.db'
    open(path, 'wb').write(whole)
    db = sqlite3.connect(path)
    db.executescript('PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;'
                     'PRAGMA recursive_triggers = OFF')
    for (trigger,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        if kind == 'rows':
            db.execute(f'DROP TRIGGER "{trigger}"')
    triggers = [sql for (sql,) in sqlite3.connect('unpair.db').execute(
        "SELECT sql FROM sqlite_schema WHERE type = 'trigger'")]
    try:
        change(db)
        if kind == 'rows':
            for sql in triggers:
                db.execute(sql)
        db.commit()
    except sqlite3.Error:
        db.close()
        os.remove(path)
        return
    db.close()
    names.append(name)

if kind == 'rows':
    plain = sqlite3.connect('unpair.db')
    tables = [name for (name,) in plain.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    for table in tables:
        columns = [row[1] for row in plain.execute(f'PRAGMA table_info("{table}")')]
        for column in columns:
            chosen = VALUES if every else dice.sample(VALUES, 1)
            for n, value in enumerate(chosen):
                case(f'{table}.{column}.{n}', lambda db: db.execute(
                    f'UPDATE "{table}" SET "{column}" = ?', (value,)))
            case(f'{table}.{column}.next', lambda db: db.execute(
                f'UPDATE "{table}" SET "{column}" = (SELECT other."{column}" FROM "{table}" other '
                f'WHERE other."{column}" <> "{table}"."{column}" LIMIT 1)'))
        case(f'{table}.emptied', lambda db: db.execute(f'DELETE FROM "{table}"'))
        case(f'{table}.halved', lambda db: db.execute(f'DELETE FROM "{table}" WHERE rowid % 2'))
elif kind == 'plan':
    for n, other in enumerate(others):
        case(f'plan.{n}', lambda db: db.execute(
            "UPDATE revocation SET rule = json_set(rule, '$.id', ?1)", (other,)))
elif kind == 'schema':
    for name, sql in {
        'delete': 'CREATE TRIGGER evil AFTER UPDATE ON run BEGIN DELETE FROM event; END',
        'more': "CREATE TRIGGER evil AFTER INSERT ON event BEGIN UPDATE revocation SET rule = json_set(rule, '$.id', 'sgr-other'); END",
        'fail': "CREATE TRIGGER evil BEFORE UPDATE ON call BEGIN SELECT RAISE(ABORT, 'no'); END",
        'view': 'ALTER TABLE member RENAME TO hidden; CREATE VIEW member AS SELECT * FROM hidden',
        'gone': 'DROP TABLE finding',
        'free': 'DROP TRIGGER event_is_not_changed',
        'more_columns': 'ALTER TABLE run ADD COLUMN evil TEXT DEFAULT (abs(1))',
        'index': 'CREATE INDEX evil ON event (abs(at_ms))',
    }.items():
        case(name, lambda db: db.executescript(sql))
else:
    for n in range(400 if every else 40):
        data = bytearray(whole)
        match n % 4:
            case 0: del data[dice.randrange(len(data)):]
            case 1:
                for _ in range(dice.randrange(1, 9)):
                    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
            case 2: data[dice.randrange(100)] = dice.randrange(256)
            case 3:
                at = dice.randrange(len(data))
                data[at:at + dice.randrange(4096)] = bytes(dice.randrange(256) for _ in range(512))
        open(f'cases/{n}.db', 'wb').write(data)
        names.append(n)
chosen = names if every else dice.sample(names, min(len(names), 40))
print(*chosen, sep='\n')
"#;

/// The journal of a run that is half done, in a world where more could be removed than planned.
fn workspace() -> CliWorkspace {
    let world = WorldText::empty()
        .group(
            A,
            "sg-a1",
            &[
                admits(B, "sg-b1"),
                admits_tcp(80, B, "sg-b2"),
                reaches_tcp(443, B, "sg-b1"),
                cidr(80),
            ],
        )
        .group(B, "sg-b1", &[admits_tcp(22, A, "sg-a1"), drops_tcp(23, A, "sg-a1"), cidr(443)])
        .group(B, "sg-b2", &[admits(A, "sg-a1")]);
    let fault = format!("code:InvalidPriority.Malformed@RevokeSecurityGroup@{}=1x", B.id);
    let workspace = WorkspaceSetup::of(&world).fault(fault).start();
    workspace.write(
        "pairs.csv",
        &format!(
            "region,account_a,group_a,account_b,group_b,direction,note\n\
         cn-hangzhou,{},sg-a1,{},sg-b1,both,a note\n",
            A.id, B.id
        ),
    );
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(3);
    workspace
}

/// Damages the journal in every way of `kind`, and runs the commands that open it.
fn survive(kind: &str) {
    let workspace = workspace();
    let seed = seed().to_string();
    let every = if is_long() { "every" } else { "some" };
    let before = workspace.world();
    let planned = grants_between(&before, &[("sg-a1", "sg-b1")]);
    let others: Vec<String> = rules_of(&before)
        .difference(&planned)
        .filter_map(|rule| rule.split_once(' ').map(|(_, id)| id.to_owned()))
        .collect();
    let output = Command::new("python3")
        .args(["-c", DAMAGE, &seed, every, kind, &others.join(" ")])
        .current_dir(workspace.path("."))
        .output()
        .expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let cases = String::from_utf8(output.stdout).expect("names");
    let mut tried = 0;
    for case in cases.lines() {
        workspace.edit(|world| *world = before.clone());
        for side in ["-wal", "-shm", ".lock"] {
            // Not every case has left one.
            let _ = fs::remove_file(workspace.path(&format!("unpair.db{side}")));
        }
        fs::copy(workspace.path(&format!("cases/{case}.db")), workspace.path("unpair.db"))
            .expect("a damaged journal");
        for command in [
            &["runs", "--check"][..],
            &["report", "--format", "json"],
            &["resume", "--yes", "--max-duration", "2s"],
        ] {
            let ended = workspace.run(command);
            let code = ended.code();
            let told = &ended.stderr;
            assert!(
                code.is_some_and(|code| (0..=7).contains(&code)),
                "{case} {command:?}: {ended:?}"
            );
            assert!(!told.contains("panicked"), "{case} {command:?}: {told}");
        }
        let (now, was) = (rules_of(&workspace.world()), rules_of(&before));
        let gone: Vec<_> = was.iter().filter(|rule| !now.contains(*rule)).collect();
        assert!(gone.iter().all(|rule| planned.contains(*rule)), "{case}: {gone:?} of {planned:?}");
        assert!(now.iter().all(|rule| was.contains(rule)), "{case}: something was added");
        tried += 1;
    }
    println!("{tried} damaged journals of {kind}");
    assert!(tried > 3, "hardly a journal was damaged");
}

#[test]
fn a_journal_whose_rows_were_changed_never_leads_outside_the_plan() {
    survive("rows");
}

#[test]
fn a_journal_whose_plan_was_turned_on_other_rules_never_leads_to_them() {
    survive("plan");
}

#[test]
fn a_journal_whose_schema_was_changed_never_leads_outside_the_plan() {
    survive("schema");
}

#[test]
fn a_journal_whose_bytes_were_changed_never_leads_outside_the_plan() {
    survive("bytes");
}
