//! Reports of one run in every format, word for word.

use crate::journal::{SideReading, Tally};
use crate::model::{Filter, LaneKey, Outcome, Provider, Scope};
use crate::report::fake::{FakeJournal, ali, ssh_from};
use crate::report::{Format, Style, summarize, write_report};

/// Six pairs: severed, half-severed, unknown, ours severed, narrowed, open.
pub(super) fn eventful() -> FakeJournal {
    let (web, db) = (ali("111", "sg-a"), ali("222", "sg-b"));
    let (jobs, cache) = (ali("111", "sg-d"), ali("222", "sg-e"));
    let (partner, gone) = (ali("333", "sg-c"), ali("222", "sg-f"));
    let any = Filter::default;
    let ingress = Filter { direction: Scope::Ingress, ..any() };
    let mut journal = FakeJournal::with_notes(
        &[
            (web.clone(), db.clone(), any(), 2),
            (web.clone(), partner.clone(), any(), 3),
            (jobs.clone(), db.clone(), any(), 4),
            (jobs.clone(), cache.clone(), any(), 5),
            (web.clone(), cache.clone(), ingress, 6),
            (jobs.clone(), gone.clone(), any(), 7),
        ],
        &[(2, "OPS-7"), (4, "=evil\x1b[2J")],
    );
    journal.read(&partner, SideReading::NotOurs { naming: None });
    journal.read(&gone, SideReading::Missing { code: "InvalidSecurityGroupId.NotFound".into() });
    journal.found(&db, &web, [2, 0, 1]);
    journal.found(&cache, &web, [0, 1, 0]);
    journal.found(&jobs, &db, [1, 0, 0]);
    journal.found(&db, &jobs, [1, 0, 0]);
    let failed = journal.revoke(&db, &web, ssh_from(&web, "sgr-2"), Outcome::Failed);
    failed.reason = Some("Forbidden.RAM".into());
    let mut rule = ssh_from(&db, "sgr-1");
    rule.description = "=HYPERLINK(\"x\")".into();
    rule.fields = [("PortRange", "22/22")].into_iter().collect();
    journal.revoke(&web, &db, rule, Outcome::Removed).reply_lost = true;
    journal.run.exit = Some(3);
    journal.run.digest = Some("3f".repeat(32));
    journal.run.estimate_s = Some(160);
    journal.run.elapsed_ms = 192_000;
    let lane =
        LaneKey { cloud: Provider::Alibaba, account: "111".into(), region: "cn-beijing".into() };
    for (action, code, count) in [
        ("RevokeSecurityGroup", "", 1200),
        ("RevokeSecurityGroup", "Throttling.User", 2),
        ("DescribeSecurityGroupAttribute", "", 24),
    ] {
        let again = if code.is_empty() { 0 } else { count };
        journal.tallies.push(Tally {
            lane: lane.clone(),
            action: action.into(),
            code: code.into(),
            count,
            retried: again,
            throttled: again,
            last_ms: 0,
        });
    }
    journal.remember(1..=9);
    journal
}

async fn report(journal: &FakeJournal, format: Format, style: Style) -> String {
    let summary = summarize(journal, &journal.run, "revoke").await.expect("a summary");
    let mut out = Vec::new();
    write_report(journal, &journal.run, &summary, format, style, &mut out)
        .await
        .expect("a readable journal");
    String::from_utf8(out).expect("UTF-8")
}

#[tokio::test]
async fn the_table_tells_the_verdict_first_and_the_worst_pairs_next() {
    assert_eq!(report(&eventful(), Format::Table, Style::default()).await, "\
6 pairs: 1 severed, 1 narrowed, 1 ours severed, 1 half-severed, 1 open, 1
    unknown
  2 rules: 1 removed, 1 failed · 1 grant outside the rows
revoke 01997c5e-1111-7000-8000-000000000001 · finished, exit code 3
  took 3 min 12 s, estimated 2 min 40 s · oldest reading 1970-01-01 00:00Z
  digest 3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f

Half-severed: 1 pair
  (one side is clean, the other still stands)

  111/sg-a  clean
  222/sg-b  2 rules stand; refused: Forbidden.RAM; 1 drop rule kept
    alibaba cn-beijing · pairs.csv:2 · OPS-7

Open: 1 pair
  (rules stand on both sides, or on the only side that is ours)

  111/sg-d  1 rule stands
  222/sg-b  1 rule stands
    alibaba cn-beijing · pairs.csv:4 · =evil\\u{1b}[2J

Unknown: 1 pair
  (a side could not be read or judged, or its group does not exist)

  111/sg-d  clean
  222/sg-f  no such group there (InvalidSecurityGroupId.NotFound); --accept-gone
      counts it as clean
    alibaba cn-beijing · pairs.csv:7

Ours severed: 1 pair
  (our side is clean, the other is not ours to read)

  111/sg-a  clean
  333/sg-c  not ours to read
    alibaba cn-beijing · pairs.csv:3
    for the owner of 333 to run (removes rules with exactly these values):
      aliyun ecs RevokeSecurityGroup --SecurityGroupId sg-c --RegionId cn-beijing --IpProtocol all --PortRange -1/-1 --SourceGroupId sg-a --SourceGroupOwnerId 111 --NicType intranet
      aliyun ecs RevokeSecurityGroupEgress --SecurityGroupId sg-c --RegionId cn-beijing --IpProtocol all --PortRange -1/-1 --DestGroupId sg-a --DestGroupOwnerId 111 --NicType intranet

Narrowed: 1 pair
  (what the rows ask for is gone, other grants stand)

  111/sg-a  clean
  222/sg-e  1 grant outside what the rows ask for
    alibaba cn-beijing · pairs.csv:6

Severed: 1 pair

Left alone: 1 drop rule; removing one would open traffic

Calls: 1,226 (2 throttled, 2 sent again)
  DescribeSecurityGroupAttribute     24
  RevokeSecurityGroup             1,202
Without success, by code:
  Throttling.User                     2

Not judged: CIDR and prefix-list rules, and connections already established.
Journal head: hash-9

Next: unpair resume 01997c5e-1111-7000-8000-000000000001
");
}

#[tokio::test]
async fn on_a_wide_terminal_lines_are_not_broken() {
    let style = Style { width: Some(120), ..Style::default() };
    let text = report(&eventful(), Format::Table, style).await;
    let lines: Vec<&str> = text.lines().take(2).collect();
    assert_eq!(
        lines,
        [
            "6 pairs: 1 severed, 1 narrowed, 1 ours severed, 1 half-severed, 1 open, 1 unknown · 2 rules: 1 removed, 1 failed",
            "  1 grant outside the rows"
        ]
    );
    assert!(text.contains("(InvalidSecurityGroupId.NotFound); --accept-gone counts it as clean\n"));
}

#[tokio::test]
async fn colours_are_used_only_when_asked_for_and_change_no_text() {
    let plain = report(&eventful(), Format::Table, Style::default()).await;
    assert!(!plain.contains('\x1b'));
    let colourful =
        report(&eventful(), Format::Table, Style { colour: true, ..Style::default() }).await;
    assert!(colourful.contains("\x1b[1;31mHalf-severed: 1 pair\x1b[0m"));
    let codes = ["\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[33m", "\x1b[1;31m"];
    assert_eq!(codes.iter().fold(colourful, |text, code| text.replace(code, "")), plain);
}

#[tokio::test]
async fn every_pair_that_needs_somebody_is_listed_and_50_of_the_others() {
    let manifest: Vec<_> = (0..60)
        .map(|n| {
            let group = |side: &str| format!("sg-{n:02}{side}");
            (ali("111", &group("a")), ali("222", &group("b")), Filter::default(), n + 2)
        })
        .collect();
    let mut journal = FakeJournal::new(&manifest);
    for (a, b, ..) in &manifest {
        journal.found(a, b, [1, 0, 0]);
    }
    let text = report(&journal, Format::Table, Style::default()).await;
    assert_eq!(text.matches("1 rule stands").count(), 60);
    journal.findings.iter_mut().for_each(|(_, found)| (found.standing, found.outside) = (0, 1));
    let text = report(&journal, Format::Table, Style::default()).await;
    assert_eq!(text.matches("1 grant outside").count(), 50);
    let id = &journal.run.new.id;
    assert!(text.contains(&format!("…and 10 more: unpair report {id} --rows pairs")));
}

#[tokio::test]
async fn the_headline_stands_last_too_where_the_result_is_longer_than_the_screen() {
    let on = |height| Style { height: Some(height), ..Style::default() };
    let text = report(&eventful(), Format::Table, on(24)).await;
    let (first, last) = (text.lines().next(), text.lines().rev().nth(2));
    assert_eq!(first, last, "{text}");
    let all = report(&eventful(), Format::Table, on(200)).await;
    assert!(text.starts_with(&all), "nothing else changes");
}

#[tokio::test]
async fn a_run_with_nothing_left_is_told_in_few_lines() {
    let pair = (ali("111", "sg-a"), ali("222", "sg-b"), Filter::default(), 2);
    let text = report(&FakeJournal::new(&[pair]), Format::Table, Style::default()).await;
    assert_eq!(
        text,
        "\
1 pair: 1 severed · nothing to revoke
revoke 01997c5e-1111-7000-8000-000000000001 · finished, exit code 0 · took 2 s
  oldest reading 1970-01-01 00:00Z

Severed: 1 pair

Not judged: CIDR and prefix-list rules, and connections already established.
"
    );
}

#[tokio::test]
async fn json_holds_the_summary_the_findings_the_revocations_and_the_head() {
    let text = report(&eventful(), Format::Json, Style::default()).await;
    let value: serde_json::Value = serde_json::from_str(&text).expect("one JSON value");
    assert_eq!(value["pairs"]["half_severed"], 1);
    let partner = &value["findings"][3]["b"]["commands"];
    assert!(partner[0].as_str().is_some_and(|text| text.starts_with("aliyun ecs ")), "{partner}");
    assert_eq!(value["head"], "hash-9");
    let outcomes: Vec<&str> = value["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|finding| finding["outcome"].as_str())
        .collect();
    assert_eq!(outcomes, ["half_severed", "open", "unknown", "ours_severed", "narrowed"]);
    let lists = text.split_once(",\n  \"findings\": [\n").expect("findings").1;
    assert_eq!(
        lists.lines().next(),
        Some(
            r#"    {"outcome":"half_severed","reason":"222/sg-b: 2 rules stand; refused: Forbidden.RAM","row":"pairs.csv:2","note":"OPS-7","a":{"cloud":"alibaba","account":"111","region":"cn-beijing","group":"sg-a","state":"clean","reason":"clean","cause":null,"standing":0,"outside":0,"drops":0,"misowned":0,"unclear":0},"b":{"cloud":"alibaba","account":"222","region":"cn-beijing","group":"sg-b","state":"standing","reason":"2 rules stand; refused: Forbidden.RAM","cause":null,"standing":2,"outside":0,"drops":1,"misowned":0,"unclear":0}},"#
        )
    );
    let revocations = lists.split_once("  \"revocations\": [\n").expect("revocations").1;
    assert_eq!(
        revocations,
        r#"    {"revocation":2,"pair":"111/sg-a 222/sg-b","note":"OPS-7","row":"pairs.csv:2","side":"a","cloud":"alibaba","account":"111","region":"cn-beijing","group":"sg-a","peer_account":"222","peer_group":"sg-b","direction":"ingress","rule_id":"sgr-1","ip_protocol":"tcp","port_range":"22/22","source_port_range":null,"nic_type":null,"policy":"accept","priority":1,"description":"=HYPERLINK(\"x\")","fields":{"PortRange":"22/22"},"outcome":"removed","reply_lost":true,"reason":null,"call":1,"attempts":1,"request_ids":["req-1"],"client_tokens":["token-1"],"first_sent":"2023-11-14T22:13:20.000Z","settled":"2023-11-14T22:13:21.500Z"},
    {"revocation":1,"pair":"111/sg-a 222/sg-b","note":"OPS-7","row":"pairs.csv:2","side":"b","cloud":"alibaba","account":"222","region":"cn-beijing","group":"sg-b","peer_account":"111","peer_group":"sg-a","direction":"ingress","rule_id":"sgr-2","ip_protocol":"tcp","port_range":"22/22","source_port_range":null,"nic_type":null,"policy":"accept","priority":1,"description":"","fields":{},"outcome":"failed","reply_lost":false,"reason":"Forbidden.RAM","call":1,"attempts":1,"request_ids":["req-1"],"client_tokens":["token-1"],"first_sent":"2023-11-14T22:13:20.000Z","settled":null}
  ],
  "head": "hash-9"
}
"#
    );
}

#[tokio::test]
async fn json_of_an_empty_run_is_still_one_object() {
    let text = report(&FakeJournal::new(&[]), Format::Json, Style::default()).await;
    let value: serde_json::Value = serde_json::from_str(&text).expect("one JSON value");
    assert_eq!(value["revocations"], serde_json::json!([]));
    assert_eq!(value["findings"], serde_json::json!([]));
    assert_eq!(value["head"], serde_json::Value::Null);
}

#[tokio::test]
async fn csv_has_a_line_a_revocation_and_no_formula() {
    assert_eq!(
        report(&eventful(), Format::Csv, Style::default()).await,
        r#"revocation,pair,note,row,side,cloud,account,region,group,peer_account,peer_group,direction,rule_id,ip_protocol,port_range,source_port_range,nic_type,policy,priority,description,fields,outcome,reply_lost,reason,call,attempts,request_ids,client_tokens,first_sent,settled,run
2,111/sg-a 222/sg-b,OPS-7,pairs.csv:2,a,alibaba,111,cn-beijing,sg-a,222,sg-b,ingress,sgr-1,tcp,22/22,,,accept,1,"'=HYPERLINK(""x"")","{""PortRange"":""22/22""}",removed,true,,1,1,req-1,token-1,2023-11-14T22:13:20.000Z,2023-11-14T22:13:21.500Z,01997c5e-1111-7000-8000-000000000001
1,111/sg-a 222/sg-b,OPS-7,pairs.csv:2,b,alibaba,222,cn-beijing,sg-b,111,sg-a,ingress,sgr-2,tcp,22/22,,,accept,1,,{},failed,false,Forbidden.RAM,1,1,req-1,token-1,2023-11-14T22:13:20.000Z,,01997c5e-1111-7000-8000-000000000001
"#
    );
}

#[tokio::test]
async fn html_is_one_page_in_which_nothing_from_outside_is_markup() {
    let mut journal = eventful();
    journal.revocations[0].reason = Some("<script>alert('x')</script>".into());
    let text = report(&journal, Format::Html, Style::default()).await;
    assert!(text.starts_with("<!doctype html>\n"));
    assert!(text.ends_with("</script>\n</html>\n"));
    assert!(text.contains("<dt>journal head</dt><dd><code>hash-9</code></dd>"));
    assert!(text.contains(">&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;</td>"));
    assert_eq!(text.matches("<script").count(), 1, "its own script alone");
    assert!(!text.contains('\x1b'));
    let order = ["half-severed", "open", "unknown", "ours severed", "narrowed"]
        .map(|word| text.find(&format!("\">{word}</span></td>")).expect("a row"));
    assert!(order.is_sorted());
}
