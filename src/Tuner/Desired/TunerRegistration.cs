using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NetPulse.Hosting;
using NetPulse.Tuner.Knobs;
using NetPulse.Tuner.Namespaces;

namespace NetPulse.Tuner.Desired;

public static class TunerRegistration
{
    /// <summary>The reconcile loop, on the settings of section <c>tuner</c>.</summary>
    /// <param name="services">Where it is registered.</param>
    /// <param name="configuration">Tells whether there is an API server to watch.</param>
    public static IServiceCollection AddTuner(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSettings<TunerOptions, TunerOptionsValidator>(TunerOptions.Section);
        services.AddSingleton(static _ => KnobTable.Accepted.OnNode(NodeMemory.Pages()));
        services.AddSingleton<KnobTrial>();
        services.AddSingleton<NamespaceSysctls>();
        services.AddSingleton<TunerMetrics>();
        services.AddNodeObjects(configuration.ObjectSourceOf(TunerOptions.Section));
        services.AddSingleton(static s => StateDirectory.Open(Options(s).StateDirectory));
        services.AddSingleton(static s => HeldValues.Open(s.GetRequiredService<StateDirectory>(), BootId.Read(), s.GetRequiredService<ILogger<HeldValues>>()));
        services.AddSingleton<ValueHolder>();
        services.AddSingleton<SettingCheck>();
        services.AddSingleton<Reconciler>();
        return services.AddSingleton<IHostedService>(static s => ActivatorUtilities.CreateInstance<TunerLoop>(s, Options(s).Interval));
    }

    private static void AddNodeObjects(this IServiceCollection services, ObjectSource source)
    {
        if (source == ObjectSource.Directory)
        {
            services.AddSingleton<INodeObjects>(static s => new DirectoryNodeObjects(Options(s).ObjectsDirectory, Options(s).Node));
            return;
        }

        services.AddKubernetesClient($"{TunerOptions.Section}.source", "netpulse-tuner");
        services.AddRoleWatch(RoleWatch.OnEveryNode, static _ => TunerRules.All);
        services.AddSingleton<PodProcesses>();
        services.AddSingleton(static s => ActivatorUtilities.CreateInstance<ClusterNodeObjects>(s, Options(s).Node));
        services.AddSingleton<INodeObjects>(static s => s.GetRequiredService<ClusterNodeObjects>());
        services.AddSingleton<IHostedService>(static s => s.GetRequiredService<ClusterNodeObjects>());
    }

    private static TunerOptions Options(IServiceProvider services) => services.GetRequiredService<IOptions<TunerOptions>>().Value;
}
