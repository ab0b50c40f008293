//! Rules named by their values, as the providers' first manuals show.

use crate::model::{Direction, Filter, GroupRef, PerCloud, Scope};

use super::values::{NeedsPorts, Values};
use super::{alibaba, aws};

/// The commands that revoke, on `own`, what a row narrowed by `filter` asks for.
pub(in crate::report) fn side_commands(
    own: &GroupRef,
    peer: &GroupRef,
    filter: &Filter,
) -> Result<Vec<String>, NeedsPorts> {
    directions(filter)
        .iter()
        .map(|direction| Ok(command(&Values::of_row(own, peer, filter, *direction)?)))
        .collect()
}

const COMMAND: PerCloud<fn(&Values<'_>) -> String> =
    PerCloud { alibaba: alibaba::by_value, aws: aws::by_value };

/// The one command that revokes the rule with these values.
pub(super) fn command(values: &Values<'_>) -> String {
    COMMAND.of(values.own.cloud)(values)
}

/// Ingress, unless the row says otherwise.
fn directions(filter: &Filter) -> &'static [Direction] {
    match filter.direction {
        Scope::Egress => &[Direction::Egress],
        Scope::Both if filter.direction_given => &[Direction::Ingress, Direction::Egress],
        Scope::Ingress | Scope::Both => &[Direction::Ingress],
    }
}
