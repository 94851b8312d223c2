//! Dialogues with a scripted peer, and a model of all of them at once.

mod capabilities;
mod dialogue;
mod loss;
mod model;
mod opening;
mod script;
mod transactions;
