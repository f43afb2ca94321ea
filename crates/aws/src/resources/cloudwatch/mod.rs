//! CloudWatch: the alarms that deployments watch, and that people are told by; the groups that logs are kept in.

pub(crate) mod log_group;
pub(crate) mod metric_alarm;
