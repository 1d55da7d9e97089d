namespace NetPulse.Telemetry.Query.Evaluation;

/// <summary>The moments at which an expression is evaluated, in Unix milliseconds.</summary>
/// <param name="Start">The first.</param>
/// <param name="Step">Between two; at least 1.</param>
/// <param name="Count">How many; 0 for none.</param>
internal readonly record struct StepGrid(long Start, long Step, int Count)
{
    public long At(int index) => Start + (Step * index);
}
