import Executor
import Foundation
import Glibc
import Logging

// The executor as a program of its own, and a small server to be stopped and killed, for the tests:
//   ExecutorProbe [executor] PLACE [TERMS...]          is an executor
//   ExecutorProbe launcher DIRECTORY TERMS...          is a launcher
//   ExecutorProbe server DIRECTORY COMMAND             runs the command under a lease of two seconds, renewed often
//   ExecutorProbe measure DIRECTORY COUNT CONCURRENCY  runs /bin/true and prints how many times a second
let arguments = CommandLine.arguments
switch arguments.dropFirst().first {
case "server": await serve(directory: arguments[2], command: arguments[3])
case "measure":
    await measure(directory: arguments[2], count: Int(arguments[3]) ?? 0, concurrency: Int(arguments[4]) ?? 1)
case "launcher": exit(LauncherProcess.run(Array(arguments.dropFirst(2))))
default:
    let words = Array(arguments.dropFirst().drop { $0 == "executor" })
    exit(ExecutorProcess.run(place: words[0], terms: ExecutorTerms(words: Array(words.dropFirst()))))
}

@MainActor func startClient(directory: String) async -> ExecutorClient {
    ProcessProtection.becomeSubreaper()
    let configuration = ExecutorConfiguration(
        directory: directory, arguments: [], killGrace: .milliseconds(200), leaseGrace: .milliseconds(200))
    do {
        return try await ExecutorClient.start(configuration, logger: Logger(label: "probe"))
    } catch {
        print(error)
        exit(1)
    }
}

func request(_ command: String, lease: Duration) -> RunRequest {
    let id = UUID()
    return RunRequest(
        executionID: id, fencingToken: 1, command: command,
        environment: ["PATH": "/usr/bin:/bin", "QKRON_EXECUTION_ID": id.uuidString, "QKRON_FENCING_TOKEN": "1"],
        workingDirectory: "/", timeout: .seconds(600), deadline: .after(lease, since: .now))
}

@MainActor func serve(directory: String, command: String) async {
    let client = await startClient(directory: directory)
    await withTaskGroup { group in
        group.addTask { _ = await client.run(request(command, lease: .seconds(2))) }
        group.addTask { await client.supervise() }
        group.addTask {
            while (try? await Task.sleep(for: .milliseconds(100))) != nil {
                client.extendLeases(to: .after(.seconds(2), since: .now))
            }
        }
    }
}

@MainActor func measure(directory: String, count: Int, concurrency: Int) async {
    let client = await startClient(directory: directory)
    let began = ContinuousClock.now
    await withTaskGroup { group in
        for _ in 0..<concurrency {
            group.addTask {
                for _ in 0..<count / concurrency {
                    _ = await client.run(request("/bin/true", lease: .seconds(60)))
                }
            }
        }
    }
    print("\(Int(Double(count) / ((ContinuousClock.now - began) / .seconds(1)))) commands per second")
}
