//! One signed exchange with EC2 or STS.

use std::time::SystemTime;

use aws_credential_types::Credentials;

use super::answer::Document;
use super::regions::{Endpoints, Service};
use super::request::Query;
use super::sign::{self, Signing};
use super::wire::{Element, Unreadable};
use crate::cloud::hide::hide;
use crate::cloud::{Answer, CloudError, Http};
use crate::model::RegionId;

/// The way to EC2 and STS: the HTTP client and where the services are. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    pub(super) http: Http,
    pub(super) endpoints: Endpoints,
}

impl Exchange {
    /// Signs and sends `query`, and reads what answers it, at most `max_body` bytes.
    pub(super) async fn send<T>(
        &self,
        service: Service,
        region: &RegionId,
        credentials: &Credentials,
        query: &Query,
        max_body: usize,
        read: impl FnOnce(&Element<'_>) -> Result<T, Unreadable>,
    ) -> Result<Answer<T>, CloudError> {
        let url = self.endpoints.url(service, region)?;
        let body = query.body().into_bytes();
        let signing = Signing { credentials, service, region, time: SystemTime::now() };
        let headers = sign::headers(signing, &url, &body)?;
        let reply = self.http.post(&url, headers, body, max_body).await?;
        let secrets = [Some(credentials.secret_access_key()), credentials.session_token()];
        Document::read(&reply, query.action(), SystemTime::now())
            .and_then(|document| document.answer(read))
            .map_err(|error| hide(error, secrets))
    }
}
