//! One signed exchange with EC2 or STS.

use aws_credential_types::Credentials;

use super::answer::Document;
use super::caller::Variant;
use super::endpoints::{Endpoints, Place, Service};
use super::request::Query;
use super::sign::{self, Signing};
use super::wire::{Element, Unreadable};
use crate::cloud::hide::hide;
use crate::cloud::{Answer, CloudError, ErrorClass, Http};
use crate::model::RegionId;

/// What STS and EC2 of a region answer, among other reasons, to whom that region does not know.
const STRANGER: [&str; 4] =
    ["InvalidClientTokenId", "RegionDisabledException", "AuthFailure", "OptInRequired"];

/// The way to EC2 and STS: the HTTP client and where the services are. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    pub(super) http: Http,
    pub(super) endpoints: Endpoints,
}

impl Exchange {
    /// Signs and sends `query` for work in `region`, and reads what answers it, at most `max_body`
    /// bytes.
    pub(super) async fn send<T>(
        &self,
        service: Service,
        region: &RegionId,
        credentials: &Credentials,
        query: &Query,
        max_body: usize,
        read: impl FnOnce(&Element<'_>) -> Result<T, Unreadable>,
    ) -> Result<Answer<T>, CloudError> {
        let Place { url, region } = &self.endpoints.place(service, region)?;
        let body = query.body().into_bytes();
        let stamp = self.http.stamp(url);
        let signing = Signing { credentials, service, region, time: stamp.time };
        let headers = sign::headers(signing, url, &body)?;
        let told = |error| of_variant(error, self.endpoints.variant());
        let reply = self.http.post(url, headers, body, max_body).await.map_err(told)?;
        let secrets = [Some(credentials.secret_access_key()), credentials.session_token()];
        Document::read(&reply, query.action(), stamp.time)
            .and_then(|document| document.answer(read))
            .map_err(|error| hide(self.http.judge_time(url, stamp, error), secrets))
            .map_err(|error| with_remedy(error, service, region))
    }
}

/// `error` of a region's service with the remedy, where that region may not know who calls.
pub(super) fn with_remedy(error: CloudError, service: Service, region: &RegionId) -> CloudError {
    if !STRANGER.contains(&error.code.as_str()) {
        return error;
    }
    let remedy = match service {
        Service::Sts => format!(
            "STS of {region} was asked: if the caller's account has not enabled that region, set \
             aws.sts_region to one that it has"
        ),
        Service::Ec2 => format!("is {region} enabled for the account?"),
    };
    CloudError { message: format!("{} ({remedy})", error.message), ..error }
}

/// `error` with what was asked for, where a host of a variant cannot be reached: not every region
/// has one.
fn of_variant(error: CloudError, variant: Variant) -> CloudError {
    let told = match (variant.fips, variant.dual_stack) {
        (false, false) => return error,
        (true, false) => "FIPS",
        (false, true) => "dual-stack",
        (true, true) => "FIPS and dual-stack",
    };
    if error.class != ErrorClass::Unreached {
        return error;
    }
    let message =
        format!("{} ({told} hosts are asked for, which not every region has)", error.message);
    CloudError { message, ..error }
}
