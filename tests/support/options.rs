//! Which form of a harness runs, and from which seed: `UNPAIR_LONG=1`, `UNPAIR_SEED=N`.

/// Whether the long form was asked for.
pub fn is_long() -> bool {
    std::env::var_os("UNPAIR_LONG").is_some_and(|long| long == "1")
}

/// The seed of a test, printed so that a failure can be repeated.
pub fn seed() -> u64 {
    let given = std::env::var("UNPAIR_SEED").ok();
    let seed = given
        .map_or_else(|| fastrand::u64(..), |text| text.parse().expect("UNPAIR_SEED is a number"));
    println!("UNPAIR_SEED={seed}");
    seed
}
