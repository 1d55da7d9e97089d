using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace NetPulse.Hosting;

/// <summary>One section of the configuration and the options that it becomes.</summary>
/// <param name="Name">As the file writes it, as <c>sampling</c>.</param>
/// <param name="Options">The type that it becomes.</param>
/// <param name="Bind">Binds and validates it.</param>
public sealed record SettingsSection(string Name, Type Options, Action<IServiceProvider> Bind);

public static class SettingsRegistration
{
    /// <summary>Binds a section to its options, refusing unknown fields, and has it checked before the service starts.</summary>
    public static IServiceCollection AddSettings<TOptions, TValidator>(this IServiceCollection services, string section)
        where TOptions : class
        where TValidator : class, IValidateOptions<TOptions>
    {
        services.AddOptions<TOptions>().BindConfiguration(section, binder => binder.ErrorOnUnknownConfiguration = true);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TOptions>, TValidator>());
        return services.AddSingleton(new SettingsSection(section, typeof(TOptions), static provider => _ = provider.GetRequiredService<IOptions<TOptions>>().Value));
    }
}
