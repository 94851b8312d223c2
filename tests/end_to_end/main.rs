//! The real program, end to end: its binary as a process of its own, mail software of the world as clients and
//! receivers, a name service and scripted hosts on loopback addresses in between.
//!
//! One test binary for all of it: the library is linked once, and the harness in [`world`] is compiled once. Every test
//! has a [`world::World`] to itself: its own folder, its own loopback network, its own names.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, which is what it is for"
)]
#![allow(
    clippy::print_stdout,
    reason = "what a test measured is shown with --nocapture"
)]

mod bad_input;
mod clients;
mod crash;
mod demo;
mod dialogs;
mod durability;
mod faults;
mod http_edge;
mod lifecycle;
mod operator;
mod platform;
mod receivers;
mod rendering;
mod replies;
mod rest;
mod routing;
mod world;
