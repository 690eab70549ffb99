import CLinux
import Glibc

extension ExecutorLoop {
    /// How long the output of a shell that ended is awaited while something else holds its pipes open.
    private static let drainTime = Duration.seconds(1)

    func start(_ order: RunOrder) {
        let now = BoottimeInstant.now
        latestDeadline = max(latestDeadline, order.deadline)
        let mayStart = !isLeaving && !isRetiring
        guard mayStart, order.deadline > now else {
            refuse(order, EndedRun(cause: mayStart ? .leaseLapsed : .ended(.shutdown)))
            return
        }
        let run: CommandRun
        do {
            run = try spawn(withRights(order), at: now)
        } catch {
            refuse(order, EndedRun(cause: .spawnFailed("\(error)")))
            return
        }
        runs[run.number] = run
        noteBeginnings(with: run.number)
        do {
            try watch(run)
            wake(at: min(run.timesOutAt, run.deadline))
        } catch {
            end(run, .spawnFailed("\(error)"))
        }
    }

    /// Lets go of what it took to start the runs that have begun meanwhile.
    private func noteBeginnings(with started: UInt64) {
        beginning = beginning.filter { runs[$0]?.noteBeginning() == false }
        beginning.append(started)
    }

    /// The order with the rights that root has said for it.
    private func withRights(_ order: RunOrder) throws -> RunOrder {
        guard let terms else { return order }
        guard let identity = terms.identity(for: order.identity) else {
            let user = order.identity.map { "user \($0.user)" } ?? "the executor's own user"
            throw ExecutorError(description: "commands must not run as \(user)")
        }
        var order = order
        order.identity = identity
        return order
    }

    private func refuse(_ order: RunOrder, _ end: EndedRun) {
        let nothing = OutputWindow(limit: 0)
        report(EndedOutput(run: order.run, key: order.key, end: end, output: nothing, error: nothing))
    }

    /// Keeps how a run ended until a server has settled it, and tells the one that is there.
    private func report(_ ended: EndedOutput) {
        unsettled[ended.run] = ended
        if server?.hasSaidHello == true { tell(ended) }
    }

    /// Tells the server of an end; where there is much output, it asks for that when it has room.
    func tell(_ ended: EndedOutput) {
        guard ended.size > HeldEnd.littleOutput else { return reports.append(ended) }
        heldBack.insert(ended.run)
        reports.append(.heldBack(run: ended.run, HeldEnd(end: ended.end, size: ended.size)))
    }

    private func spawn(_ order: RunOrder, at now: BoottimeInstant) throws -> CommandRun {
        let output = try makePipe()
        defer { close(output.writing) }
        do {
            let error = try makePipe()
            defer { close(error.writing) }
            do {
                if let identity = order.identity {
                    // Else the command could not open /dev/stdout.
                    _ = fchown(output.writing, identity.user, identity.group)
                    _ = fchown(error.writing, identity.user, identity.group)
                }
                let (child, beginning) = try command(order, output: output.writing, error: error.writing).startCommand()
                return CommandRun(
                    order, child: child, beginning, output: output.reading, error: error.reading, at: now)
            } catch let failure {
                close(error.reading)
                throw failure
            }
        } catch {
            close(output.reading)
            throw error
        }
    }

    private func command(_ order: RunOrder, output: Int32, error: Int32) -> Spawn {
        let home = order.environment.first { $0.hasPrefix("HOME=") }?.dropFirst(5)
        return Spawn(
            path: "/bin/sh", arguments: ["sh", "-c", order.command], environment: order.environment,
            directory: order.workingDirectory ?? home.map(String.init),
            directoryIsOptional: order.workingDirectory == nil, descriptors: (emptyInput, output, error),
            identity: order.identity, openFiles: openFiles, limits: order.limits, mark: order.key.mark.value,
            changedSignals: changedSignals)
    }

    private func makePipe() throws -> (reading: Int32, writing: Int32) {
        var ends: (reading: Int32, writing: Int32) = (-1, -1)
        _ = try SystemCallError.check("pipe", qkron_pipe(&ends.reading, &ends.writing))
        return ends
    }

    private func watch(_ run: CommandRun) throws {
        let key = run.number << 2
        try poller.add(run.pidfd, key: key | Source.exit.rawValue)
        if let descriptor = run.output.descriptor { try poller.add(descriptor, key: key | Source.output.rawValue) }
        if let descriptor = run.error.descriptor { try poller.add(descriptor, key: key | Source.error.rawValue) }
    }

    func readOutput(of run: CommandRun, _ pipe: ReferenceWritableKeyPath<CommandRun, CapturedPipe>) {
        if run[keyPath: pipe].read(atMost: 1 << 18, through: buffer) { return }
        closePipe(of: run, pipe)
        if case .draining(let cause, _) = run.phase, run.output.descriptor == nil, run.error.descriptor == nil {
            finish(run, cause, survivors: 0)
        }
    }

    private func closePipe(of run: CommandRun, _ pipe: ReferenceWritableKeyPath<CommandRun, CapturedPipe>) {
        guard let descriptor = run[keyPath: pipe].takeDescriptor() else { return }
        poller.remove(descriptor)
        close(descriptor)
    }

    func stopWatchingExit(of run: CommandRun) {
        guard run.isExitWatched else { return }
        run.isExitWatched = false
        poller.remove(run.pidfd)
    }

    func shellEnded(_ run: CommandRun) {
        // It stays readable for ever.
        stopWatchingExit(of: run)
        switch run.phase {
        case .running:
            guard let cause = run.shellEnd(reaps: true) else { return }
            drain(run, after: cause)
        case .draining: return
        case .ending: lookSoon()
        }
    }

    /// The shell has ended by itself: what it left behind lives on.
    func drain(_ run: CommandRun, after cause: EndedRun.Cause) {
        let now = BoottimeInstant.now
        scheduleSweep(at: now)
        run.phase = .draining(cause, until: now.advanced(by: Self.drainTime))
        readOutput(of: run, \.output)
        if runs[run.number] != nil { readOutput(of: run, \.error) }
        if runs[run.number] != nil { wake(at: now.advanced(by: Self.drainTime)) }
    }

    /// Closes what belongs to the run and reports it. Its tree is gone or is none of our business.
    func finish(_ run: CommandRun, _ cause: EndedRun.Cause, survivors: Int) {
        // Never until the end of the stream: something that lives on may write without end.
        _ = run.output.read(atMost: 1 << 16, through: buffer)
        _ = run.error.read(atMost: 1 << 16, through: buffer)
        closePipe(of: run, \.output)
        closePipe(of: run, \.error)
        _ = run.shellEnd(reaps: true)
        stopWatchingExit(of: run)
        close(run.pidfd)
        runs[run.number] = nil
        var end = EndedRun(cause: cause)
        end.survivors = Int32(clamping: survivors)
        end.duration = run.startedAt.duration(to: .now)
        report(
            EndedOutput(
                run: run.number, key: run.key, end: end, output: run.output.window, error: run.error.window))
    }
}
