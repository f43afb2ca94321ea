//! CloudWatch: the alarms that deployments watch, and that people are told by.

pub(crate) mod metric_alarm;
