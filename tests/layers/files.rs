//! Which file imports which, and the circles among them.

use std::collections::{BTreeMap, BTreeSet};

use crate::imports::{Import, imports};
use crate::source::Source;

/// The path of a module: `cli`, `args`. The crate's own is empty.
type Module = Vec<String>;

/// The files of `src/`, each with what it names.
pub(crate) struct Files {
    modules: BTreeMap<Module, File>,
}

struct File {
    path: String,
    imports: Vec<Import>,
}

impl Files {
    pub(crate) fn of(sources: &[Source]) -> Self {
        let shipped = sources.iter().filter(|source| source.path != "main.rs");
        let modules = shipped.map(|source| {
            let file = File { path: source.path.clone(), imports: imports(&source.code) };
            (module_of(&source.path), file)
        });
        Self { modules: modules.collect() }
    }

    /// What each file imports: files, whatever stands between them re-exports. A parent and its own
    /// child may import each other, and a parent may re-export what is below it.
    pub(crate) fn edges(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let files = self.modules.iter().filter(|(module, _)| !module.is_empty());
        files.map(|(module, file)| (file.path.as_str(), self.imported_by(module, file))).collect()
    }

    /// The modules of layers that a file names, as they are written.
    pub(crate) fn modules_named_by(&self, path: &str) -> BTreeSet<&str> {
        let module = module_of(path);
        let named = self.modules.get(&module).into_iter().flat_map(|file| &file.imports);
        let named = named.filter_map(|import| self.located(&module, &import.path));
        let layers = named.filter_map(|(module, _)| module.into_iter().next());
        layers
            .filter_map(|layer| self.modules.get_key_value(&vec![layer]))
            .map(|(it, _)| it[0].as_str())
            .collect()
    }

    fn imported_by(&self, module: &Module, file: &File) -> BTreeSet<&str> {
        let is_facade =
            |import: &Import, target: &Module| import.is_reexport && target.starts_with(module);
        let targets = file.imports.iter().filter_map(|import| {
            let target = self.target(module, &import.path)?;
            (!is_facade(import, &target)).then_some(target)
        });
        let others = targets.filter(|target| {
            target != module && !is_child(target, module) && !is_child(module, target)
        });
        // The crate itself holds nothing but its modules.
        others
            .filter(|target| !target.is_empty())
            .map(|it| self.modules[&it].path.as_str())
            .collect()
    }

    /// The module in whose file an item is, that `module` finds by `path`.
    fn target(&self, module: &Module, path: &[String]) -> Option<Module> {
        let (mut target, mut rest) = self.located(module, path)?;
        // Bounded: a file may re-export what it is re-exported by.
        for _ in 0..self.modules.len() {
            let name = rest.first();
            let mut exports = self.modules[&target].imports.iter();
            let Some(export) = exports.find(|it| it.is_reexport && it.name.as_ref() == name) else {
                break;
            };
            let Some((next, item)) = self.located(&target, &export.path) else { break };
            let after = rest.into_iter().skip(1);
            rest = item.into_iter().chain(after).collect();
            target = next;
        }
        Some(target)
    }

    /// The module that a path leads to from `module`, and what is left of the path; none of another
    /// crate.
    fn located(&self, module: &Module, path: &[String]) -> Option<(Module, Vec<String>)> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(self.below(Module::new(), rest)),
            "self" => Some(self.below(module.clone(), rest)),
            "super" => {
                let (_, parent) = module.split_last()?;
                let climbs = rest.first().is_some_and(|word| word == "super");
                let parent = parent.to_vec();
                if climbs { self.located(&parent, rest) } else { Some(self.below(parent, rest)) }
            }
            _ if self.child(module, first).is_some() => Some(self.below(module.clone(), path)),
            // A name that a `use` declaration of the same file made known.
            _ => {
                let mut known = self.modules[module].imports.iter();
                let known = known.find(|it| it.name.as_ref() == Some(first))?;
                let (at, left) = match &known.path[0] {
                    word if word == first => return None,
                    _ => self.located(module, &known.path)?,
                };
                let path = [left.as_slice(), rest].concat();
                Some(self.below(at, &path))
            }
        }
    }

    /// The module that `path` leads to below another, and what is left of the path.
    fn below(&self, mut module: Module, path: &[String]) -> (Module, Vec<String>) {
        let mut left = path;
        while let Some((child, rest)) =
            left.split_first().and_then(|(word, rest)| Some((self.child(&module, word)?, rest)))
        {
            (module, left) = (child, rest);
        }
        (module, left.to_vec())
    }

    fn child(&self, module: &Module, name: &str) -> Option<Module> {
        let child = [module.as_slice(), &[name.to_owned()]].concat();
        self.modules.contains_key(&child).then_some(child)
    }
}

/// `cloud/aws/mod.rs` → `cloud`, `aws`.
fn module_of(path: &str) -> Module {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let path = path.strip_suffix("/mod").unwrap_or(path);
    path.split('/').filter(|word| *word != "lib").map(ToOwned::to_owned).collect()
}

/// Whether one module is the other's own child.
fn is_child(module: &Module, parent: &Module) -> bool {
    module.split_last().is_some_and(|(_, above)| above == parent.as_slice())
}

/// The sets of files that all import each other, directly or not (strongly connected components).
pub(crate) fn circles<'f>(edges: &BTreeMap<&'f str, BTreeSet<&'f str>>) -> Vec<Vec<&'f str>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        edges.keys().map(|file| (*file, reached_from(file, edges))).collect();
    let mut circles = BTreeSet::new();
    for (file, found) in &reached {
        let back = |other: &&&str| reached.get(**other).is_some_and(|theirs| theirs.contains(file));
        let circle: Vec<&str> = found.iter().filter(back).copied().collect();
        if circle.contains(file) {
            circles.insert(circle);
        }
    }
    circles.into_iter().collect()
}

/// What `file` imports, directly or not.
fn reached_from<'f>(
    file: &'f str,
    edges: &BTreeMap<&'f str, BTreeSet<&'f str>>,
) -> BTreeSet<&'f str> {
    let (mut reached, mut left) = (BTreeSet::new(), vec![file]);
    while let Some(file) = left.pop() {
        let imports = edges.get(file).into_iter().flatten().copied();
        left.extend(imports.filter(|import| reached.insert(*import)));
    }
    reached
}
