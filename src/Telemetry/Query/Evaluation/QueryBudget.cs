using NetPulse.Telemetry.Store;

namespace NetPulse.Telemetry.Query.Evaluation;

/// <summary>How many samples one query may still read and compute. One query, one thread.</summary>
internal sealed class QueryBudget(long allowed)
{
    private readonly long samples = allowed;
    private long left = allowed;

    /// <exception cref="PromQlException">It is used up.</exception>
    public void Take(long count)
    {
        left -= count;
        if (left < 0)
        {
            throw new PromQlException(PromQlFault.TooLarge, $"query processing would load too many samples into memory in query execution: no more than {samples} are allowed");
        }
    }
}
