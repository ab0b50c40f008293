//! The program from outside: real processes in folders of their own, against the sandbox.
//!
//! [`scene`] sets the scene, [`world`] writes worlds, [`process`] runs the program; every other
//! module is one part of what users rely on.

mod codes;
mod crash;
mod exits;
mod faults;
mod guards;
mod outcomes;
mod output;
mod process;
mod rates;
mod runs;
mod scene;
mod terminal;
mod unread;
mod world;
