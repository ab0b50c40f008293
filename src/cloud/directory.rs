//! The accounts of a configuration: account → the client that acts as it.

use std::sync::Arc;

use async_trait::async_trait;

use super::alibaba::{connect, process_env};
use super::aws::AwsConnector;
use super::{AccountSource, Cloud, CloudError, Directory, Http, Settings};
use crate::model::{AccountId, Provider, RegionId};

/// Clients made from settings; each has its own credentials, all share one HTTP client.
pub struct Accounts {
    http: Http,
    settings: Settings,
    aws: AwsConnector,
}

impl Accounts {
    /// Checks the endpoints. Calls nobody: credentials are loaded by a client's first call.
    pub fn over(http: Http, settings: Settings) -> Result<Self, CloudError> {
        let aws = AwsConnector::new(&http, &settings.aws, &settings.session)?
            .told(settings.surroundings.aws().clone());
        Ok(Self { http, settings, aws })
    }

    /// Where the credentials of `account` come from: its own settings, or its cloud's.
    fn source(&self, cloud: Provider, account: &AccountId) -> Result<AccountSource, CloudError> {
        let failed = self.settings.found.iter().find_map(|found| {
            let is_it = found.cloud == cloud && found.name == account.as_str();
            found.id.as_ref().err().filter(|_| is_it)
        });
        if let Some(error) = failed {
            return Err(error.clone());
        }
        match self.settings.own(cloud, account) {
            Some(settings) => Ok(settings.source.clone()),
            None if account.is_numeric() => Ok(AccountSource::Inherit),
            None => Err(CloudError::config(
                "AccountNotMapped",
                format!(
                    "{account} is a name that no [[account]] maps to an id: add cloud, id and \
                     name to the configuration to have it called"
                ),
            )),
        }
    }
}

#[async_trait]
impl Directory for Accounts {
    async fn client(
        &self,
        cloud: Provider,
        account: &AccountId,
        region: Option<&RegionId>,
    ) -> Result<Arc<dyn Cloud>, CloudError> {
        let source = self.source(cloud, account)?;
        Ok(match cloud {
            Provider::Alibaba => Arc::new(connect(
                self.http.clone(),
                &self.settings.alibaba,
                &source,
                account,
                &self.settings.session,
                process_env(),
            )?),
            Provider::Aws => Arc::new(self.aws.connect(&source, account, region).await?),
        })
    }
}
