/// The two forms of crontabs.
package enum CrontabForm: Sendable {
    /// That of `crontab -e`: the schedule, then the command.
    case user
    /// That of /etc/crontab and /etc/cron.d: a user stands between the two.
    case system
}
