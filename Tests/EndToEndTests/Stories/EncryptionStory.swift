import EndToEndSupport
import Foundation
import Glibc
import Testing

extension EndToEnd {
    /// A server that speaks TLS itself.
    @Suite struct EncryptionStory {
        /// Makes a certificate for this machine, and its key.
        private func makeCertificate(_ name: String, in directory: String) async throws -> [String: String] {
            let (certificate, key) = ("\(directory)/\(name).pem", "\(directory)/\(name).key")
            let made = try await Tool(workspace: Stage.current.workspace).run([
                Tool.find("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-days", "2", "-subj", "/CN=\(name)", "-addext", "subjectAltName=IP:127.0.0.1",
                "-keyout", key, "-out", certificate,
            ])
            try #require(made.hasSucceeded, "\(made.error)")
            // For a server that root starts reads it anew as another user.
            chmod(key, 0o644)
            return ["TLS_CERT": certificate, "TLS_KEY": key]
        }

        /// What curl prints of an answer, head and body.
        private func curl(_ server: QkronServer, _ path: String, _ options: String...) async throws -> Tool.Answer {
            try await Tool(workspace: Stage.current.workspace).run(
                [Tool.find("curl"), "-s", "-i", "-m", "20"] + options + [
                    "https://127.0.0.1:\(await server.port)\(path)"
                ])
        }

        private func start(_ server: QkronServer) async throws {
            try await server.begin()
            try await eventually(within: .seconds(60), "it says where it listens") {
                try await server.findPort() != nil
            }
            #expect(await server.output.contains("Listening on https://127.0.0.1:"))
        }

        @Test func `https is spoken, TLS 1.1 and plain HTTP are not, and a reload takes up another certificate`()
            async throws
        {
            try await Story.tell("tls") { story in
                let names = try await makeCertificate("first", in: story.directory)
                let server = await story.unstartedServer(settings: names)
                try await start(server)
                let certificate = try #require(names["TLS_CERT"])
                let answer = try await eventually("it is ready") {
                    let answer = try await curl(server, "/ready", "--cacert", certificate)
                    return answer.output.contains("\"ready\"") ? answer : nil
                }
                #expect(answer.output.hasPrefix("HTTP/1.1 200"), "\(answer)")
                #expect(answer.output.contains("Strict-Transport-Security: max-age=31536000"))
                let old = try await curl(server, "/live", "-k", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0")
                #expect(!old.hasSucceeded && old.output.isEmpty)
                let plain = try Connection(port: await server.port)
                await plain.send(Array("GET /live HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
                #expect(try await plain.receive().isEmpty)

                // A request answered, its body read, on a connection that is kept between both.
                let twice = try await curl(
                    server, "/live", "-k", "https://127.0.0.1:\(await server.port)/api/v1/auth/login", "-d",
                    "username=nobody&password=\(String(repeating: "x", count: 100_000))")
                #expect(
                    twice.output.components(separatedBy: "HTTP/1.1 ").dropFirst().map { $0.prefix(3) } == [
                        "401", "405",
                    ])

                let process = await server.processID
                let other = try await makeCertificate("second", in: story.directory)
                for (key, path) in other { #expect(rename(path, names[key] ?? "") == 0) }
                await server.reload()
                try await eventually(within: .seconds(60), "the other certificate is shown") {
                    try await curl(server, "/live", "--cacert", certificate, "-v").error.contains("CN=second")
                }
                #expect(await server.processID == process)
                #expect(try await server.stop() == .exited(0))
            }
        }

        @Test func `a certificate that cannot be used stops the start, and a reload`() async throws {
            try await Story.tell("badtls") { story in
                let names = try await makeCertificate("good", in: story.directory)
                let server = await story.unstartedServer(settings: names)
                try await start(server)
                try Data("no certificate".utf8).write(to: URL(fileURLWithPath: try #require(names["TLS_CERT"])))
                await server.reload()
                try await eventually("it says that it goes on") { await server.log.contains("The server goes on") }
                #expect(try await curl(server, "/live", "-k").output.contains("alive"))
                #expect(try await server.stop() == .exited(0))

                let again = try await server.launch()
                #expect(try await again.wait() == .exited(1))
                #expect(again.error.contains("TLS_CERT"))
            }
        }
    }
}
