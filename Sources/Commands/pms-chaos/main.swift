// pms-chaos: drives the whole stack under faults and audits it; see scripts/chaos.
import ChaosService

ChaosProgram.run(CommandLine.arguments)
