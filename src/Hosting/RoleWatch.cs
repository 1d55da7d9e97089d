using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Hosting;

/// <summary>Asks the API server now and then what our roles allow, so that a rule that is missing is told before anybody needs it.</summary>
/// <remarks>
/// One request (SelfSubjectRulesReview), which every authenticated user may make. Where an authorizer cannot list its rules (a webhook), nothing is concluded, as with a
/// server that does not answer: what is then missing is told when it is refused.
/// </remarks>
public sealed partial class RoleWatch : BackgroundService
{
    /// <summary>For what runs on every node: thousands ask one server.</summary>
    public static readonly TimeSpan OnEveryNode = TimeSpan.FromMinutes(5);

    /// <summary>For what runs a few times.</summary>
    public static readonly TimeSpan Often = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan WhileMissing = TimeSpan.FromMinutes(1);

    private readonly KubernetesClient client;
    private readonly ImmutableArray<NeededRule> needed;
    private readonly TimeSpan every;
    private readonly TimeProvider time;
    private readonly ILogger<RoleWatch> logger;
    private readonly Meter meter;
    private string problem = "";

    public RoleWatch(KubernetesClient client, IEnumerable<NeededRule> needed, TimeSpan every, TimeProvider time, ILogger<RoleWatch> logger)
    {
        (this.client, this.needed, this.every, this.time, this.logger) = (client, [.. needed], every, time, logger);
        meter = new Meter("NetPulse.Hosting");
        meter.CreateObservableGauge("netpulse_roles_missing", () => Missing.Length, description: "Rules that our roles lack, each a verb on a resource, as the API server said last.");
    }

    /// <summary>As the API server said last. For any thread.</summary>
    public ImmutableArray<NeededRule> Missing { get; private set; } = [];

    /// <summary>What to grant, all of it; empty where nothing is missing. For any thread.</summary>
    public string Problem => Volatile.Read(ref problem);

    /// <summary>Asks now.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        SubjectRulesReviewStatus? status;
        try
        {
            status = (await client.ReviewAsync(new SelfSubjectRulesReview { Spec = new SelfSubjectRulesReviewSpec { Namespace = client.Configuration.Namespace } }, cancellationToken)).Status;
        }
        catch (KubernetesException)
        {
            return;
        }

        if (status is null or { Incomplete: true })
        {
            return;
        }

        Missing = [.. NeededRule.Missing(needed, status.ResourceRules)];
        var now = Missing.IsEmpty ? "" : $"roles are missing: grant {string.Join(", ", Missing)}";
        if (now != problem && now.Length > 0)
        {
            LogMissing(now);
        }

        Volatile.Write(ref problem, now);
    }

    public override void Dispose()
    {
        meter.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await LookAsync(stoppingToken);
            await Task.Delay(Missing.IsEmpty || every < WhileMissing ? every : WhileMissing, time, stoppingToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "As long as it lasts, not all can be done: {Problem}")]
    private partial void LogMissing(string problem);
}

public static class RoleWatchRegistration
{
    /// <summary>Tells of rules that are missing; needs the client of <see cref="ClusterAccess.AddKubernetesClient"/>.</summary>
    /// <param name="services">Where it is registered.</param>
    /// <param name="every">As <see cref="RoleWatch.Often"/>.</param>
    /// <param name="needed">What the manifests grant.</param>
    public static IServiceCollection AddRoleWatch(this IServiceCollection services, TimeSpan every, Func<IServiceProvider, IEnumerable<NeededRule>> needed) => services
        .AddSingleton(provider => new RoleWatch(provider.GetRequiredService<KubernetesClient>(), needed(provider), every, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<RoleWatch>>()))
        .AddSingleton<IHostedService>(static provider => provider.GetRequiredService<RoleWatch>());
}
