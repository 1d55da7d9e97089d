using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NetPulse.Kubernetes.Files;

namespace NetPulse.Hosting;

/// <summary>Where a service's settings come from: a YAML file, over it the environment (<c>NETPULSE_Sampling__Interval</c>), over both the command line (<c>--Sampling:Interval=10s</c>).</summary>
public sealed class ServiceConfiguration
{
    private const string FileKey = "config";
    private const string EnvironmentPrefix = "NETPULSE_";

    private readonly YamlDocument? file;
    private readonly IConfigurationRoot fromEnvironment;
    private readonly IConfigurationRoot fromCommandLine;

    private ServiceConfiguration(string[] args)
    {
        fromEnvironment = new ConfigurationBuilder().AddEnvironmentVariables(EnvironmentPrefix).Build();
        fromCommandLine = new ConfigurationBuilder().AddCommandLine(args).Build();
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        if ((fromCommandLine[FileKey] ?? fromEnvironment[FileKey]) is { Length: > 0 } path)
        {
            file = Read(path);
            Flatten(file.Root, "", values);
        }

        var sources = new ConfigurationBuilder().AddInMemoryCollection(values).AddEnvironmentVariables(EnvironmentPrefix).AddCommandLine(args);
        (Sources, Root) = ([.. sources.Sources], sources.Build());
    }

    public IConfiguration Root { get; }

    /// <summary>What <see cref="Root"/> is made of: an empty value is lost when a configuration is chained into another.</summary>
    internal IReadOnlyList<IConfigurationSource> Sources { get; }

    /// <summary>Reads the file that <c>--config</c> or <c>NETPULSE_CONFIG</c> names; without one, defaults hold.</summary>
    /// <exception cref="ObjectFileException">The file is not there or is no YAML mapping, or an argument has no value.</exception>
    public static ServiceConfiguration Load(string[] args)
    {
        DurationTypeConverter.Register();
        // .NET ignores what it cannot use; an operator would think that it counts.
        var awaitsValue = false;
        foreach (var arg in args)
        {
            if (!awaitsValue && !arg.StartsWith("--", StringComparison.Ordinal))
            {
                throw NotUnderstood(arg);
            }

            awaitsValue = !awaitsValue && !arg.Contains('=', StringComparison.Ordinal);
        }

        if (awaitsValue)
        {
            throw NotUnderstood(args[^1]);
        }

        return new ServiceConfiguration(args);
    }

    /// <summary>Binds and checks every section that was registered by <see cref="SettingsRegistration.AddSettings"/>.</summary>
    /// <exception cref="ObjectFileException">A value is out of its range, of another type, or of no known field or section.</exception>
    public void Check(IServiceProvider services)
    {
        var sections = services.GetServices<SettingsSection>().ToList();
        RefuseUnknownSections(sections);
        foreach (var section in sections)
        {
            try
            {
                section.Bind(services);
            }
            catch (OptionsValidationException e)
            {
                var fault = SettingsFault.Of(e);
                var path = Path(section, fault.Field);
                throw Fault(path, $"{(Root[path] is { Length: > 0 } value ? value : "an empty value")} is not allowed: {fault.Problem}", e);
            }
            catch (InvalidOperationException e)
            {
                var fault = SettingsFault.Of(e, section);
                throw Fault(Path(section, fault.Field), fault.Problem, e);
            }
        }
    }

    private static ObjectFileException NotUnderstood(string arg) => new("command line", 0, arg, "is not understood; settings are written --section:field=value");

    private void RefuseUnknownSections(List<SettingsSection> sections)
    {
        // Kubernetes itself sets variables such as NETPULSE_STORE_SERVICE_HOST in every pod; a setting of ours has a section.
        var named = fromCommandLine.GetChildren().Concat(fromEnvironment.GetChildren().Where(c => c.GetChildren().Any())).Select(c => c.Key)
            .Where(key => !string.Equals(key, FileKey, StringComparison.OrdinalIgnoreCase))
            .Concat(file?.Root.Select(section => section.Key) ?? []);
        if (named.FirstOrDefault(key => !sections.Exists(s => string.Equals(s.Name, key, StringComparison.OrdinalIgnoreCase))) is { } unknown)
        {
            throw Fault(unknown, $"is not a known section; known are {string.Join(", ", sections.Select(s => s.Name))}", null);
        }
    }

    /// <summary>A field's full path; the binder names an unknown one by its last part only.</summary>
    private string Path(SettingsSection section, string field)
    {
        var wanted = field.Replace('.', ':');
        var full = Root.GetSection(section.Name).AsEnumerable(makePathsRelative: true).Select(pair => pair.Key)
            .FirstOrDefault(key => key.EndsWith($":{wanted}", StringComparison.OrdinalIgnoreCase), wanted);
        if (Root.GetSection($"{section.Name}:{wanted}").Exists())
        {
            full = wanted;
        }

        return field.Length == 0 ? section.Name : $"{section.Name}:{full}";
    }

    /// <summary>The fault, with the place from which the value came.</summary>
    private ObjectFileException Fault(string path, string problem, Exception? cause)
    {
        var field = string.Concat(path.Split(':').Select((part, index) =>
            int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? $"[{part}]" : index == 0 ? part : $".{part}"));
        if (Has(fromCommandLine, path))
        {
            return new ObjectFileException("command line", 0, field, problem, cause);
        }

        if (Has(fromEnvironment, path))
        {
            return new ObjectFileException($"environment variable {EnvironmentPrefix}{path.Replace(":", "__", StringComparison.Ordinal)}", 0, field, problem, cause);
        }

        return new ObjectFileException(file?.File ?? "settings", file?.LineOf(field) ?? 0, field, problem, cause);
    }

    private static bool Has(IConfigurationRoot source, string path) => source.GetSection(path).Exists();

    private static YamlDocument Read(string path)
    {
        try
        {
            return YamlDocument.Parse(path, File.ReadAllText(path));
        }
        catch (Exception e) when (e is not ObjectFileException && e is IOException or UnauthorizedAccessException)
        {
            throw new ObjectFileException(path, 0, "", $"the configuration file cannot be read: {e.Message}", e);
        }
    }

    private void Flatten(JsonNode? node, string path, Dictionary<string, string?> values)
    {
        switch (node)
        {
            case JsonObject mapping:
                foreach (var (key, child) in mapping)
                {
                    Flatten(child, path.Length == 0 ? key : $"{path}:{key}", values);
                }

                break;
            case JsonArray list:
                for (var i = 0; i < list.Count; i++)
                {
                    Flatten(list[i], $"{path}:{i}", values);
                }

                break;
            case null:
                // As if it were not written.
                break;
            default:
                if (!values.TryAdd(path, node.ToString()))
                {
                    throw new ObjectFileException(file!.File, file.LineOf(path.Replace(':', '.')), path.Replace(':', '.'), "is written twice, once in other letters");
                }

                break;
        }
    }
}
