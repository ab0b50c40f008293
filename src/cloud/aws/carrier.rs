//! The HTTP client of `aws-config`: ours, so that what its credential chain asks goes the way of
//! all other requests.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;

use crate::cloud::{CloudError, Deadlines, ErrorClass, Http, MAX_WRITE_BODY};

/// Sends over `http`; plain http, such as that of instance metadata, with the deadlines of the one
/// who asks.
pub(super) fn http_client(http: Http) -> SharedHttpClient {
    http_client_fn(move |settings, _| {
        SharedHttpConnector::new(Carrier(http.clone(), deadlines(settings)))
    })
}

fn deadlines(settings: &HttpConnectorSettings) -> Deadlines {
    let usual = Deadlines::default();
    let or = |given: Option<Duration>, usual| given.unwrap_or(usual);
    let connect = or(settings.connect_timeout(), usual.connect);
    let idle = or(settings.read_timeout(), usual.idle);
    Deadlines { connect, idle, ..usual }
}

#[derive(Debug)]
struct Carrier(Http, Deadlines);

impl HttpConnector for Carrier {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self(http, deadlines) = self;
        let http = http.clone().with_link_deadlines(*deadlines);
        HttpConnectorFuture::new(async move { carry(http, &request).await.map_err(failed) })
    }
}

async fn carry(
    http: Result<Http, CloudError>,
    request: &HttpRequest,
) -> Result<HttpResponse, CloudError> {
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let body = request.body().bytes().unwrap_or_default().to_vec();
    let (method, url) = (request.method(), request.uri());
    let reply = http?.send_as_asked(method, url, headers, body, MAX_WRITE_BODY).await?;
    let unreadable = || CloudError::local(ErrorClass::Lost, "unreadable", "the status is none");
    let status = reply.status.try_into().map_err(|_| unreadable())?;
    let mut response = HttpResponse::new(status, SdkBody::from(reply.body));
    for (name, value) in &reply.headers {
        if let Ok(value) = value.to_str() {
            response.headers_mut().append(name.as_str().to_owned(), value.to_owned());
        }
    }
    Ok(response)
}

/// The error as `aws-config` tells it apart, with ours as its cause.
fn failed(error: CloudError) -> ConnectorError {
    match (error.class, error.code.as_str()) {
        (_, "connect_timeout" | "timeout") => ConnectorError::timeout(error.into()),
        (ErrorClass::Config, _) => ConnectorError::user(error.into()),
        _ => ConnectorError::io(error.into()),
    }
}
