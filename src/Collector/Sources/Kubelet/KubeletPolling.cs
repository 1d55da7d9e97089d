using Microsoft.Extensions.Options;

namespace NetPulse.Collector.Sources.Kubelet;

/// <summary>Asks the kubelet's endpoints from time to time, each for itself: one that hangs delays no other.</summary>
public sealed class KubeletPolling(IEnumerable<KubeletEndpoint> endpoints, IOptions<KubeletOptions> options, TimeProvider time) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(endpoints.Select(endpoint => PollAsync(endpoint, stoppingToken)));

    private async Task PollAsync(KubeletEndpoint endpoint, CancellationToken stoppingToken)
    {
        await Task.Yield();
        using var tick = new PeriodicTimer(options.Value.Interval, time);
        do
        {
            await endpoint.PollAsync(stoppingToken);
        }
        while (await tick.WaitForNextTickAsync(stoppingToken));
    }
}
