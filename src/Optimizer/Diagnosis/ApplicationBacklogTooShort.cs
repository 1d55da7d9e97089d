namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Connections find the accept queue full, and it is shorter than net.core.somaxconn allows: listen() asked for no more.</summary>
/// <remarks>Source: as for <see cref="AcceptQueueOverflow"/>.</remarks>
public sealed class ApplicationBacklogTooShort : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.ApplicationBacklogTooShort,
        Strength.Error,
        "a listener's queue overflows, and its length is below net.core.somaxconn",
        "a queue as long as somaxconn",
        "no sysctl heals this: the application must ask listen() for a longer queue");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (ListenQueue.Of(evidence) is not { } queue)
        {
            return null;
        }

        return new Proof(About, evidence)
            .Needs("connections that found the queue full", queue.Overflows, Text.Count, "at least 3", count => count >= 3)
            .Needs("queue length", queue.Limit, queue.Ceiling, Text.Count, $"no multiple of net.core.somaxconn ({Text.Count(queue.Ceiling)})", (limit, ceiling) => ceiling > 0 && limit % ceiling != 0)
            .Judge($"the listener of {queue.Where} asked for an accept queue of {Text.Count(queue.Limit)} only, and connections find it full", 1);
    }
}
