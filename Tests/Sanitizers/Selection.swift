// Appended to the manifest by Tests/Sanitizers/run: keeps the chosen tests, what they depend on, and no other package.
let chosen = [
    "SchedulingTests", "DomainTests", "CredentialsTests", "ExecutorTests", "PostgresTests", "StorageTests",
    "EngineTests",
]
var kept: Set<String> = []
var keptPackages: Set<String> = []

@MainActor func keep(_ name: String) {
    guard kept.insert(name).inserted, let target = package.targets.first(where: { $0.name == name }) else { return }
    for dependency in target.dependencies {
        switch dependency {
        case .targetItem(let name, _), .byNameItem(let name, _): keep(name)
        case .productItem(_, let package, _, _): keptPackages.insert(package ?? "")
        @unknown default: break
        }
    }
}

for name in chosen { keep(name) }
package.products = []
package.targets = package.targets.filter { kept.contains($0.name) }
package.dependencies = package.dependencies.filter { dependency in
    guard case .sourceControl(_, let location, _) = dependency.kind else { return true }
    return keptPackages.contains { location.hasSuffix("/" + $0) }
}
