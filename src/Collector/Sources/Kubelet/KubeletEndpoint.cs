using System.Runtime.ExceptionServices;

namespace NetPulse.Collector.Sources.Kubelet;

/// <summary>The last answer of one of the kubelet's endpoints. The sampling loop never waits for it.</summary>
public sealed class KubeletEndpoint(KubeletClient client, string path)
{
    private volatile Answer? latest;

    /// <summary>Asks, and keeps the answer or the failure.</summary>
    public async Task PollAsync(CancellationToken cancellation)
    {
        try
        {
            latest = new Answer(await client.GetAsync(path, cancellation), null);
        }
        catch (KubeletException e)
        {
            latest = new Answer(null, e);
        }
    }

    /// <summary><see langword="null"/> until it was asked first. The same array until there is another answer.</summary>
    /// <exception cref="KubeletException">The last question failed.</exception>
    public byte[]? Body
    {
        get
        {
            var answer = latest;
            if (answer?.Failure is { } failure)
            {
                ExceptionDispatchInfo.Throw(failure);
            }

            return answer?.Body;
        }
    }

    private sealed record Answer(byte[]? Body, KubeletException? Failure);
}
