import EndToEndSupport
import Foundation

/// Changes, runs and cancels tasks over the API, without pause. The writes to one task follow each other, so that the
/// last answer tells what must be stored.
actor Storm {
    private let members: [Member]
    private let journal: Journal
    private let token: String
    private let bench: Bench
    private var random: SeededRandom
    /// Tasks that are changed, made and deleted here.
    private var volatile: [String]
    /// Tasks that are only run by hand.
    private let quiet: [String]
    private var made = 0
    private let number: Int

    init(
        number: Int, members: [Member], journal: Journal, token: String, bench: Bench, random: SeededRandom,
        volatile: [String], quiet: [String]
    ) {
        self.number = number
        self.members = members
        self.journal = journal
        self.token = token
        self.bench = bench
        self.random = random
        self.volatile = volatile
        self.quiet = quiet
    }

    func rage() async {
        while !Task.isCancelled {
            if let member = await someMember() { await act(on: member) }
            try? await Task.sleep(for: .milliseconds(random.integer(20...600)))
        }
    }

    /// One that listens; now and then one that may be stopped or cut off.
    private func someMember() async -> Member? {
        let member = random.pick(members)
        return await member.isReady ? member : nil
    }

    private func act(on member: Member) async {
        guard let task = volatile.isEmpty ? nil : random.pick(volatile) else { return await create(on: member) }
        switch random.integer(0...99) {
        case 0..<15: await ask(.setActive(false), task, Request("POST", "/tasks/\(task)/pause"), member)
        case 15..<40: await ask(.setActive(true), task, Request("POST", "/tasks/\(task)/resume"), member)
        case 40..<50:
            let text = "\(random.integer(1...1_000_000_000))"
            await ask(.describe(text), task, Request("PATCH", "/tasks/\(task)", ["description": .string(text)]), member)
        case 50..<60:
            let cadence = Cadence.random(from: 2...5, &random)
            await ask(.reschedule(cadence), task, Request("PUT", "/tasks/\(task)", cadence.fields), member)
        case 60..<66: await create(on: member)
        case 66..<70: await delete(task, on: member)
        case 70..<84: await execute(on: member)
        default: await cancel(random.pick(quiet + volatile), on: member)
        }
    }

    @discardableResult
    private func ask(_ wish: Wish, _ task: String?, _ request: Request, _ member: Member) async -> Answer {
        await journal.ask(wish, task: task, request, of: member, token: token)
    }

    private func create(on member: Member) async {
        guard volatile.count < 8 else { return }
        made += 1
        let recipe = Recipe(100 + made * 10 + number, isQuiet: false, bench: bench, &random)
        let answer = await ask(.create(name: recipe.name), nil, Request("POST", "/tasks", recipe.fields), member)
        if case .done(let id?) = answer { volatile.append(id) }
    }

    private func delete(_ task: String, on member: Member) async {
        guard volatile.count > 2 else { return }
        // Nothing else is asked of it afterwards, whatever the answer.
        volatile.removeAll { $0 == task }
        await ask(.delete, task, Request("DELETE", "/tasks/\(task)"), member)
    }

    private func execute(on member: Member) async {
        let task = random.pick(quiet + volatile)
        await ask(.execute, task, Request("POST", "/tasks/\(task)/execute"), member)
    }

    private func cancel(_ task: String, on member: Member) async {
        let path = "/tasks/\(task)/executions?status=running,pending&limit=3"
        guard let list = try? await member.call("GET", path, nil, token: token), list.status == 200,
            let execution = (try? list.json)?.items.first?["id"].string
        else { return }
        let request = Request("POST", "/tasks/\(task)/executions/\(execution)/cancel")
        await ask(.cancel(execution: execution), task, request, member)
    }
}
