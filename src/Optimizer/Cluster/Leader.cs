using Microsoft.Extensions.Options;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Leases;

namespace NetPulse.Optimizer.Cluster;

/// <summary>Of several replicas the one that holds the Lease writes; the others look on, and know what it knows when they take over.</summary>
public sealed class Leader : BackgroundService
{
    private readonly LeaderElection election;
    private readonly TimeProvider time;

    /// <param name="client">Of the API server; the Lease is in its namespace.</param>
    /// <param name="options">How the Lease is named.</param>
    /// <param name="time">By which the term is measured.</param>
    /// <param name="loggers">Say who leads.</param>
    public Leader(KubernetesClient client, IOptions<ClusterOptions> options, TimeProvider time, ILoggerFactory loggers)
    {
        this.time = time;
        Identity = $"{Environment.MachineName}_{Guid.NewGuid():N}";
        election = new LeaderElection(client, new LeaderElectionSettings { LeaseName = options.Value.LeaseName, Namespace = client.Configuration.Namespace, Identity = Identity }, time, loggers.CreateLogger<LeaderElection>());
    }

    /// <summary>The pod's name and a part of its own for each start.</summary>
    public string Identity { get; }

    /// <summary>Who leads as last seen; empty when nobody does.</summary>
    public string Name => election.Leader;

    /// <summary>Why nobody can become the leader here, as a role that is missing; empty while somebody can.</summary>
    public string Problem => election.Problem;

    /// <summary>Whether no replica can lead, for want of a role.</summary>
    public bool IsForbidden => election.IsForbidden;

    /// <summary>Our term; <see langword="null"/> while another leads.</summary>
    public Leadership? Current => election.Current is { Holds: true } term ? term : null;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => election.RunAsync(
        async term =>
        {
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, time, term.Ended);
            }
            catch (OperationCanceledException)
            {
                // The term is over. What writes asks for it at each write.
            }
        },
        stoppingToken);
}
