namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Bursts of connections find the accept queue full, and net.core.somaxconn keeps it that short.</summary>
/// <remarks>Source: TcpExt ListenOverflows (net/ipv4/tcp_ipv4.c, tcp_v4_syn_recv_sock); sk_max_ack_backlog is the smaller of what listen() asked for and somaxconn (net/socket.c, __sys_listen).</remarks>
public sealed class AcceptQueueOverflow : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.AcceptQueueOverflow,
        Strength.Error,
        "a listener's queue overflows, its length is just net.core.somaxconn, and it is empty in between",
        "a queue shorter than somaxconn (what the application asked for), or one that is never emptied");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (ListenQueue.Of(evidence) is not { } queue)
        {
            return null;
        }

        return new Proof(About, evidence)
            .Needs("connections that found the queue full", queue.Overflows, Text.Count, "at least 3", count => count >= 3)
            .Needs("queue length", queue.Limit, queue.Ceiling, Text.Count, $"just net.core.somaxconn ({Text.Count(queue.Ceiling)})", (limit, ceiling) => ceiling > 0 && limit % ceiling == 0)
            .Needs("mean use of the queue", queue.MeanUse, Text.Percent, $"at most {Text.Percent(AcceptsTooSlowly.FullShare)}", use => use <= AcceptsTooSlowly.FullShare)
            .Judge($"bursts of connections to {queue.Where} find the accept queue of {Text.Count(queue.Limit)} full, which is all that net.core.somaxconn allows", 1);
    }
}
