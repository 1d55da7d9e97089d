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
    public static IServiceCollection AddTuner(this IServiceCollection services)
    {
        services.AddSettings<TunerOptions, TunerOptionsValidator>("tuner");
        services.AddSingleton(static _ => KnobTable.Accepted.OnNode(NodeMemory.Pages()));
        services.AddSingleton<KnobTrial>();
        services.AddSingleton<NamespaceSysctls>();
        services.AddSingleton<TunerMetrics>();
        services.AddSingleton(static s => new NodeObjects(Options(s).ObjectsDirectory, Options(s).Node));
        services.AddSingleton(static s => StateDirectory.Open(Options(s).StateDirectory));
        services.AddSingleton(static s => HeldValues.Open(s.GetRequiredService<StateDirectory>(), BootId.Read(), s.GetRequiredService<ILogger<HeldValues>>()));
        services.AddSingleton<ValueHolder>();
        services.AddSingleton<SettingCheck>();
        services.AddSingleton<Reconciler>();
        return services.AddSingleton<IHostedService>(static s => ActivatorUtilities.CreateInstance<TunerLoop>(s, Options(s).Interval));
    }

    private static TunerOptions Options(IServiceProvider services) => services.GetRequiredService<IOptions<TunerOptions>>().Value;
}
