import Testing

@testable import Torture

@Suite struct FaultPlanTests {
    private func plan(seed: UInt64) -> [String] {
        FaultPlan(
            random: SeededRandom(seed: seed), kinds: FaultKind.allCases, seconds: 600, servers: 3, lease: 3
        ).faults.map { "\($0.at) \($0)" }
    }

    @Test func `a seed gives the same faults again, another seed others`() {
        #expect(plan(seed: 7) == plan(seed: 7))
        #expect(plan(seed: 7) != plan(seed: 8))
    }

    @Test func `in ten minutes every kind of fault comes, and the clock never goes back behind its start`() {
        let plan = FaultPlan(
            random: SeededRandom(seed: 1), kinds: FaultKind.allCases, seconds: 600, servers: 3, lease: 3)
        #expect(Set(plan.faults.map(\.kind)) == Set(FaultKind.allCases))
        var offset = 0.0
        for fault in plan.faults {
            if fault.kind == .clockForward { offset += fault.amount }
            if fault.kind == .clockBack { offset -= fault.amount }
            #expect(offset > -0.001)
        }
    }
}
