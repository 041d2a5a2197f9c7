// Models by names.
#include "nn/model_list.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "nn/gguf_license.h"
#include "nn/model_file.h"
#include "nn/preload.h"

namespace godwit::nn {
namespace {

class ModelListTest : public testing::Test {
 protected:
  ModelListTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "godwit-models-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    ::setenv("XDG_CONFIG_HOME", folder_.c_str(), 1);
  }
  ~ModelListTest() override {
    ::unsetenv("XDG_CONFIG_HOME");
    std::filesystem::remove_all(folder_);
  }

  static ModelList list() { return *ModelList::of_user(); }
  static ListedModel model(std::string name, std::string path = "/m.gguf") {
    return {.name = std::move(name),
            .encoding = encoding_of("ggml"),
            .target = Target::Cpu,
            .license = "mit",
            .options = {{"ctx-size", "64"}, {"stop", "a=b"}},
            .files = {{.path = std::move(path), .size_bytes = 7, .sha256 = std::string(64, 'a')}}};
  }
  void write_entry(const std::string& name, std::string_view text) const {
    std::filesystem::create_directories(folder_ + "/godwit/models");
    std::ofstream(folder_ + "/godwit/models/" + name) << text;
  }

  std::string folder_;
};

TEST_F(ModelListTest, FindsWhatWasAdded) {
  EXPECT_EQ(list().folder(), folder_ + "/godwit/models");
  EXPECT_TRUE(list().names()->empty());
  ASSERT_TRUE(list().add(model("smol"), ModelList::Existing::Refuse));
  const auto found = list().find("smol");
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->encoding, encoding_of("ggml"));
  EXPECT_EQ(found->target, Target::Cpu);
  EXPECT_EQ(found->license, "mit");
  EXPECT_EQ(found->options, model("").options);
  ASSERT_EQ(found->files.size(), 1u);
  EXPECT_EQ(found->files[0].path, "/m.gguf");
  EXPECT_EQ(found->files[0].size_bytes, 7u);
  EXPECT_EQ(found->files[0].sha256, std::string(64, 'a'));
  EXPECT_EQ(*list().names(), std::vector<std::string>{"smol"});
}

TEST_F(ModelListTest, ReplacesOnlyWhenToldTo) {
  ASSERT_TRUE(list().add(model("m", "/first"), ModelList::Existing::Refuse));
  const auto again = list().add(model("m", "/second"), ModelList::Existing::Refuse);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind(), ErrorKind::Usage);
  EXPECT_EQ(list().find("m")->files[0].path, "/first");
  ASSERT_TRUE(list().add(model("m", "/second"), ModelList::Existing::Replace));
  EXPECT_EQ(list().find("m")->files[0].path, "/second");
  ASSERT_TRUE(list().remove("m"));
  EXPECT_EQ(list().remove("m").error().kind(), ErrorKind::NotFound);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(list().folder()), {}), 0);
}

// Of many who add one name, one does; who looks sees all of an entry, or none.
TEST_F(ModelListTest, IsSharedByMany) {
  std::atomic<int> added = 0;
  std::atomic<bool> is_over = false;
  std::thread reader([&] {
    while (!is_over) {
      const auto found = list().find("m");
      if (!found) EXPECT_EQ(found.error().kind(), ErrorKind::NotFound) << found.error().message();
    }
  });
  std::vector<std::thread> writers;
  for (int i = 0; i < 8; ++i)
    writers.emplace_back([&, i] {
      if (list().add(model("m", "/" + std::to_string(i)), ModelList::Existing::Refuse)) ++added;
      for (int round = 0; round < 20; ++round)
        EXPECT_TRUE(list().add(model("m", "/" + std::to_string(i)), ModelList::Existing::Replace));
    });
  for (std::thread& writer : writers) writer.join();
  is_over = true;
  reader.join();
  EXPECT_LE(added, 1);
  EXPECT_EQ(*list().names(), std::vector<std::string>{"m"});
}

TEST_F(ModelListTest, RefusesWhatIsNoNameOrNoLine) {
  for (const char* name : {"", ".hidden", "-x", "../x", "a/b", "a:b", "a=b", "a b"}) {
    EXPECT_FALSE(list().add(model(name), ModelList::Existing::Refuse)) << name;
    EXPECT_EQ(list().find(name).error().kind(), ErrorKind::NotFound) << name;
    EXPECT_EQ(list().remove(name).error().kind(), ErrorKind::NotFound) << name;
  }
  EXPECT_FALSE(list().add(model("m", "/a\nfile /etc/passwd"), ModelList::Existing::Refuse));
  EXPECT_FALSE(list().add(model("m", "relative"), ModelList::Existing::Refuse));
}

TEST_F(ModelListTest, SaysWhichLineIsWrong) {
  for (const auto& [text, place] : {std::pair{"encoding ggml\nfile m.gguf\n", ":2: "},
                                    {"encoding gguf\n", ":1: "},
                                    {"encoding ggml\n\nsize 3\n", ":3: "},
                                    {"encoding ggml\nfile /m\nsize 3x\n", ":3: "},
                                    {"encoding ggml\nfile /m\nsha256 0\n", ":3: "},
                                    {"encoding ggml\nfile /m\ncolour red\n", ":3: "},
                                    {"file /m\n", ":1: "},
                                    {"\xff\xfe", ":1: "}}) {
    write_entry("m", text);
    const auto found = list().find("m");
    ASSERT_FALSE(found) << text;
    EXPECT_EQ(found.error().kind(), ErrorKind::Malformed) << text;
    EXPECT_NE(found.error().message().find(place), std::string::npos) << found.error().message();
    EXPECT_NE(found.error().message().find("godwit models rm m"), std::string::npos);
  }
  write_entry("m", std::string(70000, '#'));
  EXPECT_EQ(list().find("m").error().kind(), ErrorKind::Malformed);
}

TEST_F(ModelListTest, IsWhatPreloadsMayName) {
  ASSERT_TRUE(list().add(model("smol"), ModelList::Existing::Refuse));
  const auto own = parse_preload("smol");
  ASSERT_TRUE(own) << own.error().message();
  EXPECT_EQ(own->name, "smol");
  EXPECT_EQ(own->paths, std::vector<std::string>{"/m.gguf"});
  EXPECT_EQ(own->options, R"({"ctx-size":64,"stop":"a=b"})");
  EXPECT_EQ(parse_preload("default=smol")->name, "default");
  EXPECT_EQ(parse_preload("=smol").error().kind(), ErrorKind::Usage);
  EXPECT_EQ(parse_preload("nobody").error().kind(), ErrorKind::Usage);
  write_entry("damaged", "?");
  EXPECT_EQ(parse_preload("damaged").error().kind(), ErrorKind::Malformed);
}

TEST(ModelOptions, BecomeJson) {
  EXPECT_EQ(json_of({}), "");
  EXPECT_EQ(json_of({{"a", "1"}, {"b", "-0.5e+3"}, {"c", "true"}, {"d", "01"}, {"e", "1."}, {"f", "\"\\\n"}}),
            R"({"a":1,"b":-0.5e+3,"c":true,"d":"01","e":"1.","f":"\"\\\u000a"})");
  EXPECT_FALSE(parse_option("=1"));
  EXPECT_FALSE(parse_option("ctx-size"));
  EXPECT_FALSE(parse_option("a\"b=1"));
}

TEST(ModelOptions, GiveWayToTheCallers) {
  EXPECT_EQ(with_options("", R"({"a":1})"), R"({"a":1})");
  EXPECT_EQ(with_options(R"({"a":1})", ""), R"({"a":1})");
  EXPECT_EQ(with_options(R"({"a":1})", " {} "), R"({"a":1} )");
  EXPECT_EQ(with_options(R"({"a":1})", R"( {"a":2})"), R"({"a":1,"a":2})");
  EXPECT_EQ(with_options(R"({"a":1})", "nonsense"), "nonsense");
  EXPECT_EQ(with_options(R"({"a":1})", "{"), R"({"a":1,)");
}

std::string number(uint64_t value, size_t size) { return {reinterpret_cast<const char*>(&value), size}; }
std::string text(std::string_view value) { return number(value.size(), 8) + std::string(value); }

std::string license_of(std::string_view bytes) {
  std::string path = std::filesystem::temp_directory_path() / "godwit-gguf-XXXXXX";
  const ModelFile file(::mkstemp(path.data()), path);
  ::unlink(path.c_str());
  EXPECT_EQ(::write(file.fd(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  return gguf_license(file.fd());
}

TEST(GgufLicense, IsFoundAmongOtherPairs) {
  const std::string head = "GGUF" + number(3, 4) + number(0, 8);
  std::string pairs = text("tokens") + number(9, 4) + number(8, 4) + number(20000, 8);
  for (int i = 0; i < 20000; ++i) pairs += text("token");
  pairs += text("scores") + number(9, 4) + number(6, 4) + number(3, 8) + std::string(12, 'x');
  pairs += text("flag") + number(7, 4) + "\1" + text("size") + number(10, 4) + number(1, 8);
  const std::string license = text("general.license") + number(8, 4) + text("apache-2.0\n\x1b[31m");
  const std::string whole = head + number(5, 8) + pairs + license;
  EXPECT_EQ(license_of(whole), "apache-2.0[31m");
  EXPECT_EQ(license_of(head + number(4, 8) + pairs), "");
  for (const size_t cut : {size_t{0}, size_t{3}, size_t{20}, size_t{40}, whole.size() - 1})
    EXPECT_EQ(license_of(std::string_view(whole).substr(0, cut)), "") << cut;
}

TEST(GgufLicense, IsNotFoundInNonsense) {
  const std::string head = "GGUF" + number(3, 4) + number(0, 8) + number(UINT64_MAX, 8);
  EXPECT_EQ(license_of("no model"), "");
  EXPECT_EQ(license_of(head + number(UINT64_MAX, 8)), "");
  EXPECT_EQ(license_of(head + text("a") + number(9, 4) + number(4, 4) + number(UINT64_MAX / 4 + 1, 8)), "");
  EXPECT_EQ(license_of(head + text("a") + number(9, 4) + number(9, 4) + number(1, 8)), "");
  EXPECT_EQ(license_of(head + text("a") + number(99, 4)), "");
}

}  // namespace
}  // namespace godwit::nn
