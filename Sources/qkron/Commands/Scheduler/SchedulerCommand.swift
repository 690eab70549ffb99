import ArgumentParser
import Client
import Domain

/// Stops all firing and has it go on, over the HTTP API of a server.
struct SchedulerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scheduler",
        abstract: "Stop all tasks of all servers from firing, and have them fire again; asks a server.",
        discussion: """
            'pause' and 'resume' need a superuser. Each task keeps its own standing; runs by hand and what waits already \
            go on. 
            """ + CommandFailure.codesInWords,
        subcommands: [Status.self, Pause.self, Resume.self])

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Tell whether tasks fire, and who paused them.")

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withServer { server in output.show(try await server.scheduler()) }
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop all firing, across restarts, until 'resume'; what runs goes on.")

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withServer { server in output.show(try await server.pauseScheduler()) }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have tasks fire again, from now on; nothing is made up for.")

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withServer { server in output.show(try await server.resumeScheduler()) }
        }
    }
}

extension OutputOptions {
    fileprivate func show(_ scheduler: RemoteScheduler) {
        let since = scheduler.json.cell("paused_at")
        let who = scheduler.json.cell("paused_by")
        show(
            scheduler.json,
            or: (scheduler.isPaused ? "All firing is paused since \(since), by \(who)." : "Tasks fire.").printable)
    }
}
