//! Reads the filter of a row: the cells that say which rules between the two groups are meant.

use super::cell::bad;
use super::{Column, Fault, misspelled_ports, ports};
use crate::model::{BadValue, Filter, Protocol, Provider, Scope};

/// The cells of a filter, in the order of [`Column::FILTER`].
pub(super) type FilterCells<'a> = [&'a str; Column::FILTER.len()];

/// Reads the filter of a row; what is wrong goes to `faults`.
pub(super) fn read(
    cells: &FilterCells<'_>,
    cloud: Provider,
    faults: &mut Vec<(Column, Fault)>,
) -> Filter {
    let [direction, protocol, range, source_range, nic_type, policy, priority] = *cells;
    let mut cell = FilterReader { faults };
    let scope = cell.read(Column::Direction, direction, str::parse::<Scope>);
    let protocol = cell.read(Column::IpProtocol, protocol, |text| read_protocol(text, cloud));
    let of = protocol.as_ref();
    let mut filter = Filter {
        direction: scope.unwrap_or(Scope::Both),
        direction_given: scope.is_some(),
        ports: cell.read(Column::PortRange, range, |text| ports::destination(text, cloud, of)),
        ..Filter::default()
    };
    if cloud.facts().has_policies {
        filter.source_ports =
            cell.read(Column::SourcePortRange, source_range, |text| ports::source(text, cloud, of));
        filter.nic_type = cell.read(Column::NicType, nic_type, str::parse);
        filter.policy = cell.read(Column::Policy, policy, str::parse);
        filter.priority = cell.read(Column::Priority, priority, read_priority);
    } else {
        cell.refuse(Column::SourcePortRange, source_range, cloud);
        cell.refuse(Column::NicType, nic_type, cloud);
        cell.refuse(Column::Policy, policy, cloud);
        cell.refuse(Column::Priority, priority, cloud);
    }
    filter.protocol = protocol;
    filter
}

struct FilterReader<'f> {
    faults: &'f mut Vec<(Column, Fault)>,
}

impl FilterReader<'_> {
    /// The value of a cell; `None` if it is empty or wrong.
    fn read<T>(
        &mut self,
        column: Column,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, BadValue>,
    ) -> Option<T> {
        if text.is_empty() {
            return None;
        }
        match parse(text) {
            Ok(value) => Some(value),
            Err(error) => {
                let misspelled = match column {
                    Column::PortRange | Column::SourcePortRange => {
                        misspelled_ports::explain(text, error.expected)
                    }
                    _ => None,
                };
                let fault = misspelled.unwrap_or_else(|| bad(text, "is not valid", error.expected));
                self.faults.push((column, fault));
                None
            }
        }
    }

    /// Refuses the value of a cell that rows of `cloud` leave empty.
    fn refuse(&mut self, column: Column, text: &str, cloud: Provider) {
        if !text.is_empty() {
            let row = format!(" on an {cloud} row");
            let expected = format!("an empty cell: {} has no such field", cloud.facts().title);
            self.faults.push((column, Fault::detailed(text, "is set", &row, expected)));
        }
    }
}

/// Reads a protocol. `-1` is one where the cloud writes it.
fn read_protocol(text: &str, cloud: Provider) -> Result<Protocol, BadValue> {
    if text == "-1" && cloud.facts().all_protocols != text {
        return Err(BadValue::new(text, "a protocol of this cloud, which writes `all`"));
    }
    text.parse()
}

fn read_priority(text: &str) -> Result<u16, BadValue> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|priority| digits && (1..=100).contains(priority))
        .ok_or_else(|| BadValue::new(text, "a priority: a whole number from 1 to 100"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{NicType, Policy, PortRange};

    fn parse(cells: FilterCells<'_>, cloud: Provider) -> Result<Filter, Vec<&'static str>> {
        let mut faults = Vec::new();
        let filter = read(&cells, cloud, &mut faults);
        if faults.is_empty() {
            Ok(filter)
        } else {
            Err(faults.iter().map(|(column, _)| column.name()).collect())
        }
    }

    #[test]
    fn empty_cells_narrow_nothing() {
        for cloud in Provider::ALL {
            assert_eq!(parse([""; 7], cloud), Ok(Filter::default()));
        }
    }

    #[test]
    fn every_narrowing_is_read_in_any_case() {
        let cells = ["Egress", "TCP", "22/22", "-1/-1", "Intranet", "DROP", "100"];
        let filter = parse(cells, Provider::Alibaba).expect("all are valid");
        assert_eq!(filter.direction, Scope::Egress);
        assert!(filter.direction_given);
        assert_eq!(filter.protocol, "6".parse().ok());
        assert_eq!(filter.ports, Some(PortRange { from: 22, to: 22 }));
        assert_eq!(filter.source_ports, Some(PortRange::ALL));
        assert_eq!(filter.nic_type, Some(NicType::Intranet));
        assert_eq!(filter.policy, Some(Policy::Drop));
        assert_eq!(filter.priority, Some(100));
    }

    #[test]
    fn fields_that_aws_does_not_have_are_errors_on_its_rows() {
        let cells = ["both", "-1", "-1/-1", "1/2", "intranet", "accept", "1"];
        let columns = parse(cells, Provider::Aws).expect_err("four too many");
        assert_eq!(columns, ["source_port_range", "nic_type", "policy", "priority"]);
        assert_eq!(
            parse(["", "-1", "", "", "", "", ""], Provider::Alibaba),
            Err(vec!["ip_protocol"])
        );
    }

    #[test]
    fn each_bad_cell_is_named() {
        let cells = ["in", "tpc", "22", "x", "lan", "deny", "101"];
        let columns = parse(cells, Provider::Alibaba).expect_err("all are wrong");
        assert_eq!(columns, Column::FILTER.map(Column::name));
        for priority in ["0", "1.0", "+1", "65537", "-1"] {
            assert!(read_priority(priority).is_err(), "{priority}");
        }
    }
}
