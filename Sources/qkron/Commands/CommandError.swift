/// Why a command does not do what it was asked: what a file, a crontab or the environment of the command holds.
struct CommandError: Error, CustomStringConvertible {
    let description: String
}
