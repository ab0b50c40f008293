//! A server of many worlds: whose world and which account is told by the key that signs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use percent_encoding::percent_decode_str;
use unpair::model::Provider;

use super::manners::Owner;
use super::tree::Tree;
use super::truth::{Peer, Rule, World};
use super::{alibaba, aws};

/// A world while it is served.
pub(super) struct Served {
    pub(super) world: World,
    /// What references told: a group, and one that admits it.
    pub(super) named: BTreeSet<(String, String)>,
    /// Answers so far, by account and action.
    answers: BTreeMap<(String, String), Vec<String>>,
    /// Listings of the rules of each group, or of the groups that are listed together.
    listed: BTreeMap<String, u32>,
    answered: u64,
}

/// The server.
#[derive(Clone)]
pub(super) struct Server {
    worlds: Arc<Mutex<BTreeMap<u64, Served>>>,
    pub(super) url: String,
}

/// A request.
struct Asked {
    account: String,
    action: String,
    parameters: BTreeMap<String, String>,
}

impl Server {
    /// Serves in a thread of its own, on a clock of its own.
    pub(super) fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let server = Self { worlds: Arc::default(), url };
        let router = Router::new().fallback(answer).with_state(server.clone());
        std::thread::spawn(move || {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            let runtime = builder.enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
                axum::serve(listener, router).await
            })
        });
        server
    }

    /// The id of the key of `account` in world `n`.
    pub(super) fn key(n: u64, account: &str) -> String {
        format!("W{n}x{account}")
    }

    pub(super) fn serve(&self, n: u64, world: World) {
        let served = Served {
            world,
            named: BTreeSet::new(),
            answers: BTreeMap::new(),
            listed: BTreeMap::new(),
            answered: 0,
        };
        self.lock().insert(n, served);
    }

    /// Serves a world no longer.
    pub(super) fn end(&self, n: u64) -> Served {
        self.lock().remove(&n).expect("a world that is served")
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Served>> {
        self.worlds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(State(server): State<Server>, headers: HeaderMap, body: Bytes) -> String {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let key = header("authorization").split("Credential=").nth(1).expect("it is signed");
    let key = key.split([',', '/']).next().and_then(|key| key.strip_prefix('W')).expect("our key");
    let (n, account) = key.split_once('x').expect("our key");
    let parameters = form(&String::from_utf8_lossy(&body));
    let action = parameters.get("Action").map_or(header("x-acs-action"), String::as_str).to_owned();
    let asked = Asked { account: account.to_owned(), action, parameters };
    let mut worlds = server.lock();
    let world = worlds.get_mut(&n.parse().expect("a number")).expect("a world that is served");
    world.answer(&asked)
}

fn form(body: &str) -> BTreeMap<String, String> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decode(name), decode(value))).collect()
}

impl Asked {
    fn get(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    /// The values of `name.1`, `name.2` and so on.
    fn list(&self, name: &str) -> Vec<String> {
        (1..).map_while(|n| self.parameters.get(&format!("{name}.{n}")).cloned()).collect()
    }
}

impl Served {
    fn answer(&mut self, asked: &Asked) -> String {
        let of_it = (asked.account.clone(), asked.action.clone());
        if let Some(earlier) = self.answers.get(&of_it)
            && self.world.rng.f64() < self.world.manners.replays
        {
            return earlier[self.world.rng.usize(0..earlier.len())].clone();
        }
        self.answered += 1;
        let id = format!("R-{}", self.answered);
        let tree = match asked.action.as_str() {
            "GetCallerIdentity" if self.is_aws() => aws::identity(&asked.account, &id),
            "GetCallerIdentity" => alibaba::identity(&asked.account),
            "DescribeSecurityGroups" => self.groups(asked),
            "DescribeSecurityGroupAttribute" | "DescribeSecurityGroupRules" => self.rules(asked),
            "DescribeSecurityGroupReferences" => self.references(asked),
            other => panic!("nothing else is asked of a world that is only read: {other}"),
        };
        let body = self.written(tree, &asked.action, &id);
        self.answers.entry(of_it).or_default().push(body.clone());
        body
    }

    fn is_aws(&self) -> bool {
        self.world.cloud == Provider::Aws
    }

    fn written(&self, mut tree: Tree, action: &str, id: &str) -> String {
        let name = if self.is_aws() { "requestId" } else { "RequestId" };
        if let Tree::Fields(fields) = &mut tree {
            fields.insert(0, (name.to_owned(), Tree::text(id)));
        }
        if self.is_aws() || self.world.manners.xml {
            return tree.xml(&format!("{action}Response"));
        }
        tree.json()
    }

    /// The groups of `account` among those that are asked about.
    fn owned(&self, account: &str, ids: Vec<String>) -> Vec<String> {
        let is_owned =
            |id: &String| self.world.groups.get(id).is_some_and(|group| group.owner == account);
        ids.into_iter().filter(is_owned).collect()
    }

    fn groups(&mut self, asked: &Asked) -> Tree {
        let ids = if self.is_aws() {
            asked.list("Filter.1.Value")
        } else {
            serde_json::from_str(asked.get("SecurityGroupIds")).expect("a list of ids")
        };
        let mut ids = self.owned(&asked.account, ids);
        let is_first = self.listed.insert(format!("groups {}", asked.account), 1).is_none();
        if is_first && self.world.manners.misses_once && !ids.is_empty() {
            ids.remove(0);
        }
        if self.world.manners.repeats {
            ids.extend(ids.first().cloned());
        }
        let world = &mut self.world;
        if world.cloud == Provider::Aws {
            aws::groups(world, &ids)
        } else {
            alibaba::groups(world, &ids)
        }
    }

    fn rules(&mut self, asked: &Asked) -> Tree {
        let ids = if self.is_aws() {
            asked.list("Filter.1.Value")
        } else {
            vec![asked.get("SecurityGroupId").to_owned()]
        };
        let ids = self.owned(&asked.account, ids);
        let at = asked.get("NextToken").parse().unwrap_or(0);
        let listed = self.listed.entry(format!("rules of {ids:?}")).or_default();
        *listed += u32::from(at == 0);
        let lags =
            self.is_aws() && self.listed[&format!("rules of {ids:?}")] <= self.world.manners.lags;
        let all = self.all_rules(&ids, lags);
        let page = self.world.manners.page;
        let some: Vec<(String, Rule)> = all.iter().skip(at).take(page).cloned().collect();
        let mut next = if at + page < all.len() { (at + page).to_string() } else { String::new() };
        if self.world.manners.loops && at > 0 {
            "0".clone_into(&mut next);
        }
        if !next.is_empty() && self.world.manners.shrinks {
            self.remove_one_that_nobody_asks_about(&some);
        }
        let world = &mut self.world;
        if world.cloud == Provider::Aws {
            return aws::rules(world, &some, &next);
        }
        let some: Vec<Rule> = some.into_iter().map(|(_, rule)| rule).collect();
        alibaba::rules(world, &ids[0], &some, &next)
    }

    fn all_rules(&self, ids: &[String], lags: bool) -> Vec<(String, Rule)> {
        let of_group = |id: &String| {
            let id = id.clone();
            self.world.groups[&id].rules.iter().map(move |rule| (id.clone(), rule.clone()))
        };
        let mut all: Vec<(String, Rule)> = ids.iter().flat_map(of_group).collect();
        all.retain(|(_, rule)| !lags || !self.is_between_pairs(rule));
        if self.world.manners.repeats {
            let again: Vec<_> = all.iter().step_by(2).cloned().collect();
            all.extend(again);
        }
        all
    }

    fn is_between_pairs(&self, rule: &Rule) -> bool {
        matches!(&rule.peer, Peer::Group(id) if self.world.groups.contains_key(id))
    }

    fn remove_one_that_nobody_asks_about(&mut self, page: &[(String, Rule)]) {
        let other = page.iter().find(|(_, rule)| !self.is_between_pairs(rule));
        let Some((group, gone)) = other else { return };
        let group = self.world.groups.get_mut(group).expect("a group of the world");
        group.rules.retain(|rule| rule.id != gone.id);
    }

    fn references(&mut self, asked: &Asked) -> Tree {
        let ids = self.owned(&asked.account, asked.list("SecurityGroupId"));
        let (tree, told) = alibaba::references(&mut self.world, &ids);
        // An entry that tells no owner is no entry, and an answer with one is none.
        if self.world.manners.owner != Owner::Absent {
            self.named.extend(told);
        }
        tree
    }
}
