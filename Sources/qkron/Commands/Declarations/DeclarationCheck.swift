import Client
import Declarations
import Domain

/// Looks for what the server would refuse, before anything is done: half a file is worth little.
struct DeclarationCheck {
    let path: String
    let judge: TaskJudge

    /// Checks a plan.
    ///
    /// - Parameter namesakes: tasks that bear names of the file, and stand in its way.
    /// - Throws: `CommandError` with everything that was found; `ClientError`.
    func check(_ plan: Plan, namesakes: [Plan.Present], on server: RemoteServer) async throws {
        var sentences = namesakes.map { task in
            "You have a task named '\(task.name)' that \(path) did not make (\(task.id)"
                + (task.mark.map { ", of \($0)" } ?? "") + "). --adopt takes it over; else rename one of the two."
        }
        sentences += plan.faults(by: judge).map { $0.task.sentence(path, $0.fault.path, $0.fault.message) }
        for (task, index, id) in plan.newDependencies where try await !exists(id, on: server) {
            sentences.append(task.sentence(path, ["dependencies", "\(index)"], "is no task of yours"))
        }
        guard sentences.isEmpty else {
            throw CommandError(description: (sentences + ["Nothing was done."]).joined(separator: "\n"))
        }
    }

    private func exists(_ id: Identifier<TaskDefinition>, on server: RemoteServer) async throws -> Bool {
        do throws(ClientError) {
            _ = try await server.task(id)
            return true
        } catch {
            guard error.status == 404 || error.status == 403 else { throw error }
            return false
        }
    }
}

extension DeclaredTask {
    /// What is wrong with a field, where the file at `path` has it: `tasks.yaml:7: backup: timeout: must be …`.
    func sentence(_ path: String, _ place: [String], _ message: String) -> String {
        let line = line(of: place).map { "\($0):" } ?? ""
        return "\(path):\(line) \(name): \(place.joined(separator: ".")): \(message)"
    }
}
