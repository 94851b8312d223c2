//! The section `[reports]`, and the listeners that go with it.

use super::super::fault::Report;
use super::super::file::{Entry, File, Reader};
use super::super::{Config, ListenerKind, Reports};

pub(super) fn reports(entry: &Entry, reader: &mut Reader) -> Option<Reports> {
    let host: Option<Option<String>> = reader.optional(entry, "host");
    let hook_secret_file = reader.optional(entry, "hook_secret_file");
    let hook_networks = reader.read(entry, "hook_networks");
    Some(Reports {
        host: host?.map(|host| host.to_ascii_lowercase()),
        hook_secret_file: hook_secret_file?,
        hook_networks: hook_networks?,
    })
}

/// Addresses that mail is given must lead somewhere, and a listener for them is of no use without.
pub(super) fn fit(config: &Config, file: &File, report: &mut Report) {
    let entry = file.section("reports");
    let is_for_reports = |kind| kind == ListenerKind::Reports;
    let listens = config
        .listeners
        .iter()
        .any(|listener| is_for_reports(listener.kind));
    match &config.reports.host {
        None if listens => {
            let what = "is missing: without it no mail tells where its reports go, and the listener for them takes \
                        none; write host = \"bounces.example.org\"";
            report.error(entry.offset("host"), entry.place("host"), what);
        }
        Some(_) if !listens => {
            let what = "has no listener here: unless another server takes the reports, they are lost; add a \
                        [[listener]] with kind = \"reports\" on port 25";
            report.warning(entry.offset("host"), entry.place("host"), what);
        }
        Some(_) | None => {}
    }
}
