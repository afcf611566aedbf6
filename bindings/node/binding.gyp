{
  "variables": {
    # A build tree of the project (lib/libdbpool.so, and the headers of its source), else pkg-config.
    "dbpool_include%": "<!(sh scripts/locate include)",
    "dbpool_libs": "<!(sh scripts/locate libs)"
  },
  "targets": [
    {
      "target_name": "dbpool",
      "sources": [
        "src/module.cc", "src/env.cc", "src/frame.cc", "src/results.cc", "src/params.cc", "src/errors.cc",
        "src/pool.cc", "src/options.cc", "src/calls.cc", "src/pipeline.cc", "src/reads.cc", "src/blocking.cc"
      ],
      "include_dirs": ["<(dbpool_include)"],
      "libraries": ["<@(dbpool_libs)"],
      "cflags!": ["-fno-omit-frame-pointer"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++14"],
      "cflags_cc": ["-std=c++20", "-O2", "-Wall", "-Wextra", "-Wno-missing-field-initializers", "-fvisibility=hidden"]
    }
  ]
}
