//! How one record of the log is written: a line for people, or a JSON object. Neither drives the
//! terminal that it is shown on, whatever a cloud said.

use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::RUN;
use crate::cli::args::LogFormat;
use crate::model::escape_control;
use crate::report::PlainJson;

/// Writes records in one of the two forms.
pub(super) struct Record(pub(super) LogFormat);

impl<S, N> FormatEvent<S, N> for Record
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let (time, level) = (Timestamp::now(), *event.metadata().level());
        match self.0 {
            LogFormat::Text => {
                let colours = out.has_ansi_escapes();
                let message = escape_control(&fields.message);
                writeln!(out, "{time:.0} {} {message}", shown(level, colours))
            }
            LogFormat::Json => {
                let mut line = Vec::new();
                let object = fields.into_object(time, level);
                serde_json::to_writer(PlainJson(&mut line), &object).map_err(|_| fmt::Error)?;
                writeln!(out, "{}", String::from_utf8_lossy(&line))
            }
        }
    }
}

/// The level, as wide as the widest, in its colour.
fn shown(level: tracing::Level, colours: bool) -> String {
    let code = match level {
        tracing::Level::ERROR => "31",
        tracing::Level::WARN => "33",
        tracing::Level::INFO => "32",
        _ => "2",
    };
    if colours { format!("\x1b[{code}m{level:>5}\x1b[0m") } else { format!("{level:>5}") }
}

/// What a record says: its message, and what it names for programs that read it.
#[derive(Default)]
struct Fields {
    message: String,
    named: Map<String, Value>,
}

impl Fields {
    /// `time`, `level`, `run` once a run is begun, `event` and its fields, `message`.
    fn into_object(self, time: Timestamp, level: tracing::Level) -> Value {
        let mut object = Map::new();
        object.insert("time".to_owned(), format!("{time:.3}").into());
        object.insert("level".to_owned(), level.as_str().to_ascii_lowercase().into());
        if let Some(run) = RUN.get() {
            object.insert("run".to_owned(), run.as_str().into());
        }
        object.extend(self.named);
        object.insert("message".to_owned(), self.message.into());
        Value::Object(object)
    }

    fn keep(&mut self, field: &Field, value: impl Into<Value>) {
        self.named.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if field.name() == "message" { self.message = text } else { self.keep(field, text) }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.keep(field, value);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.keep(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.keep(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.keep(field, value);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A log that is kept.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, record: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("nobody panicked").write(record)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is written of a message and a field from outside.
    fn written(form: LogFormat, hostile: &str) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        let log = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .event_format(Record(form))
            .finish();
        tracing::subscriber::with_default(log, || {
            tracing::warn!(reason = hostile, "told: {hostile}");
        });
        String::from_utf8(kept.0.lock().expect("nobody panicked").clone()).expect("text")
    }

    #[test]
    fn no_record_drives_a_terminal_or_begins_another_line() {
        let hostile = "a\x1b]0;x\u{7}\u{202e}\u{9b}\nWARN forged";
        let text = written(LogFormat::Text, hostile);
        assert!(
            text.ends_with("  WARN told: a\\u{1b}]0;x\\u{7}\\u{202e}\\u{9b}\\u{a}WARN forged\n"),
            "{text}"
        );
        let json = written(LogFormat::Json, hostile);
        let is_plain = |c: char| c == '\n' || !crate::model::is_hostile(c);
        assert!(json.chars().all(is_plain) && json.lines().count() == 1, "{json}");
        let object: Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!((&object["reason"], &object["level"]), (&hostile.into(), &"warn".into()));
    }
}
