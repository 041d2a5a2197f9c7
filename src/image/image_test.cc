// Images as they are written, and damaged ones: what is read stays inside of the bytes.
#include "image/image.h"

#include <gtest/gtest.h>

namespace godwit::image {
namespace {

Parts small_parts() {
  Parts parts;
  parts.layout = 42;
  parts.functions = {{0, kNone, 0, 10}, {2, kNone, 16, 30}, {2, 200, 30, 34}, {7, kNone, 34, 36}};
  parts.thunks = {{30}, {}};
  parts.lines = {{0, 100}, {4, 104}, {10, 0}, {16, 200}};
  parts.code.assign(40, 0x90);
  return parts;
}

// Aligned as images are where they are mapped.
struct Image {
  explicit Image(const Parts& parts) : bytes(write(parts)), words((bytes.size() + 7) / 8) {
    std::memcpy(words.data(), bytes.data(), bytes.size());
  }
  MutableBytes all() { return {reinterpret_cast<uint8_t*>(words.data()), bytes.size()}; }
  Header& header() { return *reinterpret_cast<Header*>(words.data()); }

  std::vector<uint8_t> bytes;
  std::vector<uint64_t> words;
};

TEST(Image, IsReadAsItWasWritten) {
  Image image(small_parts());
  auto view = read(image.all());
  ASSERT_TRUE(view) << view.error().message();
  EXPECT_EQ(view->layout, 42u);
  ASSERT_EQ(view->functions.size(), 4u);
  ASSERT_NE(view->find(2), nullptr);
  EXPECT_EQ(view->find(2)->begin, 16u);
  ASSERT_NE(view->find(2, 200), nullptr);
  EXPECT_EQ(view->find(2, 200)->begin, 30u);
  EXPECT_EQ(view->find(0)->begin, 0u);
  EXPECT_EQ(view->find(7)->begin, 34u);
  EXPECT_EQ(view->find(1), nullptr);
  EXPECT_EQ(view->find(2, 201), nullptr);
  EXPECT_EQ(view->find(8), nullptr);
  EXPECT_EQ(view->thunks[0].begin, 30u);
  EXPECT_EQ(view->code.size(), 40u);
  EXPECT_EQ(image.header().code_at % kCodeAlignment, 0u);
}

TEST(Image, FindsFunctionAndInstructionOfAPlace) {
  Image image(small_parts());
  auto view = read(image.all());
  ASSERT_TRUE(view);
  EXPECT_EQ(view->function_at(0), 0u);
  EXPECT_EQ(view->function_at(29), 2u);
  EXPECT_EQ(view->function_at(30), 2u);
  EXPECT_EQ(view->function_at(12), std::nullopt);
  EXPECT_EQ(view->offset_at(3), 100u);
  EXPECT_EQ(view->offset_at(4), 104u);
  EXPECT_EQ(view->offset_at(39), 200u);
}

TEST(Image, RefusesEveryLengthThatIsTooShort) {
  const Image whole(small_parts());
  for (size_t size = 0; size < whole.bytes.size(); ++size) {
    Image image(small_parts());
    EXPECT_FALSE(read(image.all().first(size))) << size;
  }
}

TEST(Image, RefusesPlacesOutsideOfTheCode) {
  Parts beyond = small_parts();
  beyond.functions[0].end = 41;
  EXPECT_FALSE(read(Image(beyond).all()));
  Parts backwards = small_parts();
  backwards.functions[0] = {0, kNone, 10, 10};
  EXPECT_FALSE(read(Image(backwards).all()));
  Parts unordered = small_parts();
  std::swap(unordered.functions[1], unordered.functions[2]);
  EXPECT_FALSE(read(Image(unordered).all()));
  Parts thunk = small_parts();
  thunk.thunks[0].begin = 40;
  EXPECT_FALSE(read(Image(thunk).all()));
  Parts lines = small_parts();
  std::swap(lines.lines[0], lines.lines[1]);
  EXPECT_FALSE(read(Image(lines).all()));
}

// Whatever stands in the header, reading stays inside the bytes (under sanitizers this test means more).
TEST(Image, RefusesOrReadsEveryHeader) {
  for (size_t at = 0; at < sizeof(Header); ++at) {
    for (const int byte : {0x00, 0x01, 0x7F, 0x80, 0xFF}) {
      Image image(small_parts());
      image.all()[at] = static_cast<uint8_t>(byte);
      auto view = read(image.all());
      if (!view) continue;
      for (uint32_t place = 0; place < 64; ++place)
        (void)view->function_at(place), (void)view->offset_at(place);
    }
  }
}

}  // namespace
}  // namespace godwit::image
