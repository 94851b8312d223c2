//! The section `[webhooks]`.

use super::super::file::{Entry, Reader};
use super::super::{Network, Webhooks};

pub(super) fn webhooks(entry: &Entry, reader: &mut Reader) -> Option<Webhooks> {
    let timeout = reader.read(entry, "timeout");
    let allowed_networks: Option<Vec<Network>> = reader.read(entry, "allowed_networks");
    let plain_hosts: Option<Vec<String>> = reader.read(entry, "plain_hosts");
    let ca_file = reader.optional(entry, "ca_file");
    let webhooks = Webhooks {
        timeout: timeout?,
        allowed_networks: allowed_networks?,
        plain_hosts: plain_hosts?
            .iter()
            .map(|host| host.to_ascii_lowercase())
            .collect(),
        ca_file: ca_file?,
    };
    if webhooks
        .allowed_networks
        .iter()
        .any(|network| network.is_everything())
    {
        let what = "lets every customer send requests to every machine that this one reaches; name the networks of your \
                    own endpoints";
        reader.report.warning(
            entry.offset("allowed_networks"),
            entry.place("allowed_networks"),
            what,
        );
    }
    Some(webhooks)
}
