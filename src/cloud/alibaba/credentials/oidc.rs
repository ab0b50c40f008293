//! Mode OIDC: a role is assumed with the token of a provider of identities, which somebody else
//! renews in its file.

use super::kept::Kept;
use super::source::{Oidc, config};
use crate::cloud::alibaba::exchange::{Request, Service, exchange_unsigned};
use crate::cloud::key_text::{flaw, trimmed};
use crate::cloud::{CloudError, Http, scarce};

/// STS `AssumeRoleWithOIDC` (2015-04-01) at `endpoint`.
pub(super) async fn key(http: &Http, endpoint: &str, oidc: &Oidc) -> Result<Kept, CloudError> {
    let token = token(oidc).await?;
    let mut parameters = oidc.role.parameters();
    parameters.push(("OIDCProviderArn".to_owned(), oidc.provider.clone()));
    parameters.push(("OIDCToken".to_owned(), token.clone()));
    let request =
        Request { service: Service::Sts, endpoint, action: "AssumeRoleWithOIDC", parameters };
    exchange_unsigned(http, request, &token, Kept::of_session).await
}

async fn token(oidc: &Oidc) -> Result<String, CloudError> {
    let Oidc { token_file, from, .. } = oidc;
    let path = token_file.display();
    let text = tokio::fs::read_to_string(token_file).await.map_err(|why| {
        scarce::of(&why).unwrap_or_else(|| {
            config(format!("{from}: {path}: {why}, expected the file that holds the token"))
        })
    })?;
    let token = trimmed(&text);
    match flaw(token) {
        None => Ok(token.to_owned()),
        Some(why) => Err(config(format!("{from}: {path}: the token {why}"))),
    }
}
